// One pass reads and mends the tokens, one matches the brackets, one bounds the depth. Each report of this file is
// about signs, not grammar; what it can mend it mends, so that the parser finds no second fault in the same place.
#include "syntax/tokens.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "D2nnLexer.h"
#include "diag/catalogue.h"
#include "source/utf8.h"
#include "syntax/byte_stream.h"

namespace d2nn::syntax {

using diag::Diagnostic;
using diag::Fix;
using grammar::D2nnLexer;
using source::SourceRange;

bool is_file_word(std::size_t type) {
  return type == D2nnLexer::IMPORT || type == D2nnLexer::CONST || type == D2nnLexer::BLOCK ||
         type == D2nnLexer::NETWORK;
}

bool is_declaration_word(std::size_t type) {
  return type >= D2nnLexer::IMPORT && type <= D2nnLexer::FOR;
}

bool is_reserved(std::size_t type) {
  return type >= D2nnLexer::IMPORT && type <= D2nnLexer::FALSE;
}

SourceRange range_of(const antlr4::Token& token, source::FileId file) {
  const auto begin = static_cast<std::uint32_t>(token.getStartIndex());
  if (token.getType() == antlr4::Token::EOF) return {file, begin, begin};
  return {file, begin, static_cast<std::uint32_t>(token.getStopIndex() + 1)};
}

antlr4::Token* TokenListStream::LT(ssize_t offset) {
  const ssize_t at = static_cast<ssize_t>(position_) + (offset > 0 ? offset - 1 : offset);
  if (offset == 0 || at < 0) return nullptr;
  return list_.tokens[std::min(static_cast<size_t>(at), list_.tokens.size() - 1)].get();
}

size_t TokenListStream::LA(ssize_t offset) {
  const antlr4::Token* token = LT(offset);
  return token == nullptr ? antlr4::Token::INVALID_TYPE : token->getType();
}

void TokenListStream::consume() {
  if (position_ + 1 < list_.tokens.size()) ++position_;
}

namespace {

bool is_opening(std::size_t type) {
  return type == D2nnLexer::LEFT_BRACE || type == D2nnLexer::LEFT_PAREN || type == D2nnLexer::LEFT_BRACKET;
}

bool is_closing(std::size_t type) {
  return type == D2nnLexer::RIGHT_BRACE || type == D2nnLexer::RIGHT_PAREN || type == D2nnLexer::RIGHT_BRACKET;
}

// Generated types follow the grammar's order: a closing bracket comes right after its opening one.
bool match(std::size_t opening, std::size_t closing) {
  return closing == opening + 1;
}

bool is_operator(std::size_t type) {
  return type >= D2nnLexer::PLUS && type <= D2nnLexer::NOT;
}

/// Reports bytes that are not text. False when the file is hopeless.
bool check_encoding(std::string_view text, source::FileId file, diag::Sink& sink) {
  if (text.size() > max_file_bytes) {
    sink.report({.code = diag::code("E0116"),
                 .message = "the file has " + std::to_string(text.size()) + " bytes, a program has at most " +
                            std::to_string(max_file_bytes),
                 .range = {file, 0, 0}});
    return false;
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const bool is_utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    const auto at = static_cast<std::uint32_t>(is_utf16 ? 0 : nul);
    Diagnostic diagnostic{.code = diag::code("E0101"),
                          .message = "the file holds a zero byte, a program is UTF-8 text",
                          .range = {file, at, at + 1}};
    if (is_utf16) {
      diagnostic.message = "the file is UTF-16, a program is UTF-8 text";
      diagnostic.fixes.push_back({.message = "save the file as UTF-8"});
    }
    sink.report(std::move(diagnostic));
    return false;
  }
  std::size_t malformed = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < text.size();) {
    const source::CodePoint point = source::decode_utf8(text, i);
    if (!point.is_valid && malformed++ == 0) first = i;
    i += point.length;
  }
  if (malformed > 0) {
    const std::string count = malformed == 1 ? "a byte is" : std::to_string(malformed) + " bytes are";
    sink.report({.code = diag::code("E0101"),
                 .message = count + " not UTF-8 text" + (malformed == 1 ? "" : ", the first one here"),
                 .range = {file, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first + 1)},
                 .fixes = {{.message = "save the file as UTF-8"}}});
  }
  return true;
}

std::string hexadecimal(char32_t value) {
  char digits[8];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, static_cast<std::uint32_t>(value), 16);
  std::string out(digits, end);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return "U+" + std::string(out.size() < 4 ? 4 - out.size() : 0, '0') + out;
}

/// What people paste or mistype, and what the language has in its place.
struct Lookalike {
  std::string_view text;
  std::string_view replacement;
  std::size_t type;  // of the token it is read as, or not_a_token
};
constexpr std::size_t not_a_token = 0;
constexpr Lookalike lookalikes[] = {
    {"\xE2\x86\x92", "->", D2nnLexer::ARROW},
    {"\xE2\x87\x9D", "~>", D2nnLexer::CONTROL_ARROW},
    {"\xE2\x88\x92", "-", D2nnLexer::MINUS},
    {"\xE2\x89\xA4", "<=", D2nnLexer::LESS_EQUAL},
    {"\xE2\x89\xA5", ">=", D2nnLexer::GREATER_EQUAL},
    {"\xE2\x89\xA0", "!=", D2nnLexer::NOT_EQUAL},
    {"&", "&&", D2nnLexer::AND},
    {"|", "||", D2nnLexer::OR},
    {"\xC3\x97", "x", not_a_token},
    {"\xC2\xA0", "", not_a_token},
    {"\xE2\x80\x8B", "", not_a_token},
    {"\xEF\xBB\xBF", "", not_a_token},
    {"\xE2\x80\x9C", "\"", not_a_token},
    {"\xE2\x80\x9D", "\"", not_a_token},
    {"'", "\"", not_a_token},
    {"#", "//", not_a_token},
};

class Reader {
 public:
  Reader(const source::SourceFile& file, source::FileId id, diag::Sink& sink)
      : text_(file.text()), id_(id), sink_(sink) {
    list_.stream = std::make_unique<ByteStream>(file.text(), file.name());
    list_.lexer = std::make_unique<D2nnLexer>(list_.stream.get());
    list_.lexer->removeErrorListeners();
  }

  TokenList read() {
    if (!check_encoding(text_, id_, sink_)) {
      list_.is_hopeless = true;
      return std::move(list_);
    }
    read_all();
    join_points();
    if (!list_.is_hopeless) match_brackets();
    if (!list_.is_hopeless) bound_depth();
    return std::move(list_);
  }

 private:
  std::string_view text_of(const antlr4::Token& token) const {
    return token.getType() == antlr4::Token::EOF
               ? std::string_view{}
               : text_.substr(token.getStartIndex(), token.getStopIndex() - token.getStartIndex() + 1);
  }

  void read_all() {
    while (true) {
      std::unique_ptr<antlr4::Token> token = list_.lexer->nextToken();
      const std::size_t type = token->getType();
      auto* writable = static_cast<antlr4::CommonToken*>(token.get());
      if (type != antlr4::Token::EOF && token->getStartIndex() < unknown_end_) continue;
      if (type == D2nnLexer::OPEN_COMMENT) {
        list_.is_cut_off = true;
        sink_.report({.code = diag::code("E0103"),
                      .message = "the comment is not closed",
                      .range = range_of(*token, id_),
                      .fixes = {{.message = "close it with `*/`"}}});
        writable->setType(antlr4::Token::EOF);
      } else if (type == D2nnLexer::UNKNOWN) {
        if (!report_unknown(*writable)) {
          is_unsound_ = true;
          continue;
        }
      } else if (type == D2nnLexer::OPEN_STRING) {
        sink_.report({.code = diag::code("E0103"),
                      .message = "the string does not end in its line",
                      .range = range_of(*token, id_),
                      .fixes = {{.message = "close it with `\"`"}}});
        writable->setType(D2nnLexer::STRING);
      } else {
        check_number(*writable);
      }
      if (type == D2nnLexer::DOC) {
        const bool begins_line = list_.tokens.empty() || list_.tokens.back()->getLine() != token->getLine();
        if (begins_line) list_.docs.push_back({list_.tokens.size(), range_of(*token, id_)});
        continue;
      }
      list_.tokens.push_back(std::move(token));
      list_.is_unsound.push_back(std::exchange(is_unsound_, false));
      if (list_.tokens.back()->getType() == antlr4::Token::EOF) return;
      if (list_.tokens.size() > max_tokens) {
        sink_.report({.code = diag::code("E0116"),
                      .message = "the file has more than " + std::to_string(max_tokens) + " words and signs",
                      .range = range_of(*list_.tokens.back(), id_)});
        list_.is_hopeless = true;
        return;
      }
    }
  }

  /// One report per run of unknown bytes; bytes that are not UTF-8 are reported already. True when the token is plainly
  /// meant for another one and now is that one.
  bool report_unknown(antlr4::CommonToken& token) {
    const auto begin = static_cast<std::uint32_t>(token.getStartIndex());
    const source::CodePoint point = source::decode_utf8(text_, begin);
    std::uint32_t end = begin;
    const auto next_is_unknown = [&] {
      if (end >= text_.size()) return false;
      const auto byte = static_cast<unsigned char>(text_[end]);
      return end == begin || byte >= 0x80 ||
             std::string_view("$`\\?^'&|~#").find(static_cast<char>(byte)) != std::string_view::npos;
    };
    const std::string_view first = text_.substr(begin, point.length);
    const auto* lookalike = std::ranges::find(lookalikes, first, &Lookalike::text);
    const bool is_known = lookalike != std::end(lookalikes);
    if (is_known) {
      end = begin + static_cast<std::uint32_t>(point.length);
    } else {
      while (next_is_unknown()) end += static_cast<std::uint32_t>(source::decode_utf8(text_, end).length);
    }
    unknown_end_ = end;
    if (!point.is_valid) return false;
    const bool is_visible = point.value > 0x20 && point.value != 0x7F && point.value != 0xA0 && point.value != 0xFEFF &&
                            !(point.value >= 0x2000 && point.value <= 0x200F) &&
                            !(point.value >= 0x80 && point.value < 0xA0) &&
                            !(point.value >= 0x2028 && point.value <= 0x202E);
    const std::string shown =
        is_visible ? "`" + std::string(text_.substr(begin, end - begin)) + "`" : hexadecimal(point.value);
    Diagnostic diagnostic{
        .code = diag::code("E0102"), .message = shown + " means nothing in a program", .range = {id_, begin, end}};
    if (is_known) {
      const std::string replacement(lookalike->replacement);
      diagnostic.fixes.push_back(
          {.message = replacement.empty() ? std::string("delete it") : "write `" + replacement + "`",
           .range = diagnostic.range,
           .replacement = replacement,
           .is_applicable = true});
    }
    sink_.report(std::move(diagnostic));
    if (first == "#")
      unknown_end_ = static_cast<std::uint32_t>(std::min(text_.find_first_of("\r\n", begin), text_.size()));
    if (!is_known || lookalike->type == not_a_token) return false;
    token.setType(lookalike->type);
    token.setStopIndex(end - 1);
    return true;
  }

  void report_number(SourceRange range, std::string message, std::string fix = {}) {
    Diagnostic diagnostic{.code = diag::code("E0105"), .message = std::move(message), .range = range};
    if (!fix.empty())
      diagnostic.fixes.push_back(
          {.message = "write `" + fix + "`", .range = range, .replacement = fix, .is_applicable = true});
    sink_.report(std::move(diagnostic));
  }

  void check_number(antlr4::CommonToken& token) {
    const std::string_view text = text_of(token);
    const std::string quoted = "`" + std::string(text.substr(0, 40)) + (text.size() > 40 ? "..." : "") + "`";
    if (token.getType() == D2nnLexer::BAD_NUMBER) {
      report_number(range_of(token, id_), quoted + " is neither a number nor a name");
      token.setType(D2nnLexer::INTEGER);
    } else if (token.getType() == D2nnLexer::FLOAT) {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc{})
        report_number(range_of(token, id_), quoted + " lies outside the range of a 64-bit float");
    } else if (token.getType() == D2nnLexer::INTEGER || token.getType() == D2nnLexer::DIMS) {
      const char* at = text.data();
      const char* const last = text.data() + text.size();
      while (at != last) {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(at, last, value);
        if (error != std::errc{}) {
          report_number(range_of(token, id_), quoted + " is larger than 9223372036854775807");
          return;
        }
        at = end == last ? last : end + 1;  // over the `x`
      }
    }
  }

  /// "5." and ".5": the point is reported and dropped, so that the parser sees a number.
  void join_points() {
    auto& tokens = list_.tokens;
    const auto touches = [&](std::size_t left) {
      return tokens[left]->getStopIndex() + 1 == tokens[left + 1]->getStartIndex();
    };
    const auto is_label_step = [](std::size_t type) {
      return type == D2nnLexer::NAME || type == D2nnLexer::INTEGER || type == D2nnLexer::FLOAT || is_reserved(type) ||
             (type >= D2nnLexer::AS && type <= D2nnLexer::REQUIRED);
    };
    std::size_t kept = 0;
    std::size_t next_doc = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      while (next_doc < list_.docs.size() && list_.docs[next_doc].next_token <= i)
        list_.docs[next_doc++].next_token = kept;
      bool drop = false;
      if (tokens[i]->getType() == D2nnLexer::DOT && kept > 0 && i + 1 < tokens.size()) {
        const antlr4::Token& left = *tokens[kept - 1];
        const bool touches_left = left.getStopIndex() + 1 == tokens[i]->getStartIndex();
        const bool touches_right = touches(i) && is_label_step(tokens[i + 1]->getType());
        const SourceRange point = range_of(*tokens[i], id_);
        if (touches_left && left.getType() == D2nnLexer::INTEGER && !touches_right) {
          const std::string number(text_of(left));
          report_number(source::cover(range_of(left, id_), point),
                        "digits are missing behind the point of `" + number + ".`", number + ".0");
          drop = true;
        } else if (touches(i) && tokens[i + 1]->getType() == D2nnLexer::INTEGER && !is_label_step(left.getType()) &&
                   !is_closing(left.getType())) {
          const std::string number(text_of(*tokens[i + 1]));
          report_number(source::cover(point, range_of(*tokens[i + 1], id_)),
                        "digits are missing before the point of `." + number + "`", "0." + number);
          drop = true;
        }
      }
      if (drop) continue;
      if (kept != i) {
        tokens[kept] = std::move(tokens[i]);
        list_.is_unsound[kept] = list_.is_unsound[i];
      }
      static_cast<antlr4::CommonToken&>(*tokens[kept]).setTokenIndex(kept);
      ++kept;
    }
    tokens.resize(kept);
    list_.is_unsound.resize(kept);
  }

  void match_brackets() {
    const auto& tokens = list_.tokens;
    list_.enclosing.assign(tokens.size(), no_token);
    list_.closing.assign(tokens.size(), no_token);
    std::vector<std::int32_t> open;
    std::size_t previous = antlr4::Token::EOF;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::size_t type = tokens[i]->getType();
      if (is_declaration_word(type) && previous != D2nnLexer::AS && previous != D2nnLexer::DOT) {
        // Round and square brackets hold no declarations and nothing holds a network: those still open were forgotten.
        const auto is_forgotten = [&](std::int32_t opener) {
          return is_file_word(type) ? type != D2nnLexer::CONST && type != D2nnLexer::IMPORT
                                    : tokens[opener]->getType() != D2nnLexer::LEFT_BRACE;
        };
        while (!open.empty() && is_forgotten(open.back())) open.pop_back();
      }
      if (is_closing(type)) {
        const auto opener =
            std::find_if(open.rbegin(), open.rend(), [&](std::int32_t o) { return match(tokens[o]->getType(), type); });
        if (opener != open.rend()) {
          list_.closing[*opener] = static_cast<std::int32_t>(i);
          open.erase(opener.base() - 1, open.end());
        }
      }
      list_.enclosing[i] = open.empty() ? no_token : open.back();
      if (is_opening(type)) {
        open.push_back(static_cast<std::int32_t>(i));
        if (open.size() > max_bracket_depth) {
          sink_.report(
              {.code = diag::code("E0104"),
               .message = "more than " + std::to_string(max_bracket_depth) + " brackets stand inside each other",
               .range = range_of(*tokens[i], id_)});
          list_.is_hopeless = true;
          return;
        }
      }
      previous = type;
    }
  }

  /// An upper bound of the tree's depth: inside each bracket the operators between two separators, plus the deepest
  /// bracket among their operands.
  void bound_depth() {
    struct Level {
      std::size_t operators = 0;
      std::size_t deepest_operand = 0;
      std::size_t deepest = 0;
      void separate() {
        deepest = std::max(deepest, operators + deepest_operand);
        operators = deepest_operand = 0;
      }
    };
    std::vector<Level> levels(1);
    for (const auto& token : list_.tokens) {
      const std::size_t type = token->getType();
      // A network or block begins the file's own level again, whatever was left open before it.
      if (type == D2nnLexer::NETWORK || type == D2nnLexer::BLOCK) levels.resize(1);
      Level& level = levels.back();
      if (is_opening(type)) {
        levels.emplace_back();
        continue;
      }
      if (is_closing(type) && levels.size() > 1) {
        level.separate();
        const std::size_t depth = level.deepest + 1;
        levels.pop_back();
        levels.back().deepest_operand = std::max(levels.back().deepest_operand, depth);
      } else if (is_operator(type)) {
        ++level.operators;
      } else if (type == D2nnLexer::COMMA || type == D2nnLexer::SEMICOLON || type == D2nnLexer::COLON ||
                 is_declaration_word(type)) {
        level.separate();
      }
      if (levels.back().operators + levels.back().deepest_operand + levels.size() > max_tree_depth) {
        sink_.report({.code = diag::code("E0104"),
                      .message = "the expression is more than " + std::to_string(max_tree_depth) + " operators deep",
                      .range = range_of(*token, id_),
                      .fixes = {{.message = "name parts of it with `let` or `const`"}}});
        list_.is_hopeless = true;
        return;
      }
    }
  }

  std::string_view text_;
  source::FileId id_;
  diag::Sink& sink_;
  TokenList list_;
  std::uint32_t unknown_end_ = 0;  // what begins before it is dropped
  bool is_unsound_ = false;        // something was dropped before the next token
};

}  // namespace

TokenList read_tokens(const source::SourceFiles& files, source::FileId file, diag::Sink& sink) {
  return Reader(files[file], file, sink).read();
}

}  // namespace d2nn::syntax
