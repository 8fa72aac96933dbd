// How it works: a rule that fails reports once and throws on (`recover` rethrows) until a rule is reached that knows
// where it ends: a bracketed rule whose closing bracket exists, or a statement. There the tokens up to that end are
// skipped and parsing continues. A missing `;` before a new line is reported and taken as written.
#include "syntax/syntax_errors.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "D2nnParser.h"
#include "diag/catalogue.h"
#include "diag/spelling.h"

namespace d2nn::syntax {

using antlr4::ParserRuleContext;
using antlr4::RecognitionException;
using antlr4::Token;
using diag::Diagnostic;
using grammar::D2nnParser;
using source::SourceRange;

namespace {

using P = D2nnParser;

// The language's words by where they begin a declaration. Spelled from the grammar's vocabulary, so nothing can differ.
constexpr std::array file_words{P::IMPORT, P::CONST, P::BLOCK, P::NETWORK};
constexpr std::array network_words{P::INPUT, P::OUTPUT, P::NODE, P::CONTROL, P::DUMMY, P::TRAIN, P::FOR};

bool is_list_rule(std::size_t rule) {
  return rule == P::RuleFile || rule == P::RuleNetworkDecl || rule == P::RuleForDecl || rule == P::RuleItemBlock ||
         rule == P::RuleTrainDecl;
}

bool is_statement_rule(std::size_t rule) {
  return rule == P::RuleFileItem || rule == P::RuleNetworkItem || rule == P::RuleTrainItem ||
         rule == P::RuleLetStatement;
}

/// Rules that are one pair of brackets and what stands inside.
bool is_bracketed_rule(std::size_t rule) {
  switch (rule) {
    case P::RuleParameters:
    case P::RuleTensorNames:
    case P::RuleNodeInputs:
    case P::RuleArguments:
    case P::RuleTensors:
    case P::RuleList:
    case P::RuleIndex:
    case P::RuleTargetSet:
    case P::RuleBody:
      return true;
    default:
      return false;
  }
}

/// Rules of elements with commas between them up to a closing bracket.
bool is_separated_rule(std::size_t rule) {
  return (is_bracketed_rule(rule) && rule != P::RuleIndex && rule != P::RuleBody) || rule == P::RuleTensorType;
}

const char* element_of(std::size_t separated_rule) {
  switch (separated_rule) {
    case P::RuleArguments:
      return "an argument";
    case P::RuleParameters:
      return "a parameter";
    case P::RuleTensors:
    case P::RuleList:
    case P::RuleTensorType:
      return "an expression";
    case P::RuleTargetSet:
      return "a node";
    default:
      return "a name";
  }
}

bool is_closing(std::size_t type) {
  return type == P::RIGHT_BRACE || type == P::RIGHT_PAREN || type == P::RIGHT_BRACKET;
}

class ErrorStrategy final : public antlr4::DefaultErrorStrategy {
 public:
  ErrorStrategy(const TokenList& tokens, std::string_view text, source::FileId file, diag::Sink& sink)
      : tokens_(tokens), text_(text), file_(file), sink_(sink) {}

  void reset(antlr4::Parser*) override { is_unwinding_ = false; }
  bool inErrorRecoveryMode(antlr4::Parser*) override { return is_unwinding_; }
  void reportMatch(antlr4::Parser*) override {}

  /// Called before each element of a list: here lists of statements step over what begins no statement.
  void sync(antlr4::Parser* parser) override {
    const std::size_t rule = parser->getContext()->getRuleIndex();
    if (!is_list_rule(rule) || is_unwinding_) return;
    const std::size_t closer = rule == P::RuleFile ? Token::EOF : std::size_t{P::RIGHT_BRACE};
    // In the headers of these rules there is nothing to step over yet.
    if (rule != P::RuleFile && !is_in_braces(*parser)) return;
    const antlr4::misc::IntervalSet starts = parser->getATN().nextTokens(
        parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn.states[parser->getState()]);
    while (true) {
      const Token& token = *parser->getCurrentToken();
      const std::size_t type = token.getType();
      if (type == closer || type == Token::EOF || starts.contains(static_cast<ssize_t>(type))) return;
      if (rule != P::RuleFile && (type == P::NETWORK || type == P::BLOCK)) return;  // the brace was forgotten
      if (report_no_statement(*parser, rule)) continue;                             // now it does begin one
      skip_statement(*parser, token.getTokenIndex(), true);
    }
  }

  void reportError(antlr4::Parser* parser, const RecognitionException& error) override {
    if (std::exchange(is_unwinding_, true)) return;
    const Token* offending = error.getOffendingToken();
    report(*parser, offending != nullptr ? *offending : *parser->getCurrentToken());
  }

  void recover(antlr4::Parser* parser, std::exception_ptr error) override {
    ParserRuleContext& context = *parser->getContext();
    const std::size_t rule = context.getRuleIndex();
    const Token& current = *parser->getCurrentToken();
    if (is_bracketed_rule(rule) && !is_declaration_word(current.getType())) {
      const std::int32_t closing = tokens_.closing[context.start->getTokenIndex()];
      if (closing != no_token && static_cast<std::size_t>(closing) >= current.getTokenIndex()) {
        parser->getTokenStream()->seek(static_cast<std::size_t>(closing) + 1);
        mark_statement(context, error);
        is_unwinding_ = false;
        return;
      }
    }
    if (is_statement_rule(rule)) {
      if (std::exchange(read_again_, false)) {
        parser->getTokenStream()->seek(context.start->getTokenIndex());
      } else {
        skip_statement(*parser, context.start->getTokenIndex(), false);
      }
      is_unwinding_ = false;
      return;
    }
    if (rule == P::RuleFile) return;  // nothing is left
    std::rethrow_exception(error);
  }

  Token* recoverInline(antlr4::Parser* parser) override {
    const Token& found = *parser->getCurrentToken();
    const antlr4::misc::IntervalSet expected = parser->getATN().nextTokens(
        parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn.states[parser->getState()]);
    const bool ends_statement = found.getType() == P::RIGHT_BRACE || found.getType() == Token::EOF ||
                                is_declaration_word(found.getType()) || begins_line(found);
    if (!is_unwinding_ && expected.size() == 1 && expected.contains(static_cast<ssize_t>(P::SEMICOLON)) &&
        ends_statement && found.getTokenIndex() > 0) {
      if (may_report(found)) report_missing_semicolon(found);
      return parser->getCurrentToken();
    }
    const bool is_name = parser->getContext()->getRuleIndex() == P::RuleName;
    if (!is_unwinding_ && is_name && is_reserved(found.getType()) && !begins_line(found)) {
      sink_.report({.code = diag::code("E0109"),
                    .message = spelling(found) + " is a word of the language, expected a name",
                    .range = range(found)});
      return parser->consume();  // read as the name it was meant to be
    }
    throw antlr4::InputMismatchException(parser);
  }

 private:
  // ---- where things are ----

  const Token& token(std::size_t index) const { return *tokens_.tokens[index]; }
  SourceRange range(const Token& token) const { return range_of(token, file_); }
  std::string spelling(const Token& token) const {
    constexpr std::size_t longest = 40;
    const SourceRange place = range(token);
    const std::string_view text = text_.substr(place.begin, place.end - place.begin);
    return "`" + std::string(text.substr(0, longest)) + (text.size() > longest ? "..." : "") + "`";
  }
  bool begins_line(const Token& found) const {
    const std::size_t index = found.getTokenIndex();
    return index == 0 || token(index - 1).getLine() != found.getLine();
  }
  /// The range right behind the token before `found`.
  SourceRange behind_previous(const Token& found) const {
    if (found.getTokenIndex() == 0) return {file_, 0, 0};
    const std::uint32_t end = range(token(found.getTokenIndex() - 1)).end;
    return {file_, end, end};
  }
  const Token* opener_around(const Token& found) const {
    const std::size_t index = found.getTokenIndex();
    if (!is_closing(found.getType()))
      return tokens_.enclosing[index] == no_token ? nullptr
                                                  : &token(static_cast<std::size_t>(tokens_.enclosing[index]));
    // For a closing bracket, `enclosing` is what it leaves behind; what it met is what encloses a token before it.
    if (index == 0) return nullptr;
    const std::size_t before = index - 1;
    if (tokens_.enclosing[before] == no_token)
      return is_opening_type(token(before).getType()) ? &token(before) : nullptr;
    return is_opening_type(token(before).getType()) ? &token(before)
                                                    : &token(static_cast<std::size_t>(tokens_.enclosing[before]));
  }
  static bool is_opening_type(std::size_t type) {
    return type == P::LEFT_BRACE || type == P::LEFT_PAREN || type == P::LEFT_BRACKET;
  }

  static bool is_in_braces(antlr4::Parser& parser) {
    return parser.getContext()->getToken(P::LEFT_BRACE, 0) != nullptr;
  }

  // ---- going on ----

  /// Marks what an error was found in up to its statement, so that no tree is made of it.
  static void mark_statement(ParserRuleContext& context, const std::exception_ptr& error) {
    for (auto* at = &context; at != nullptr; at = dynamic_cast<ParserRuleContext*>(at->parent)) {
      at->exception = error;
      if (is_statement_rule(at->getRuleIndex())) return;
    }
  }

  /// Goes behind the end of the statement that began at token `first`: a `;` or a `}` of its own level, or before what
  /// must begin another one. `must_move`: step over the current token in any case.
  void skip_statement(antlr4::Parser& parser, std::size_t first, bool must_move) {
    antlr4::TokenStream& stream = *parser.getTokenStream();
    const std::int32_t level = tokens_.enclosing[first];
    const std::size_t error_place = stream.index();
    bool is_first = must_move || error_place == first;
    for (;; stream.consume(), is_first = false) {
      const Token& at = *stream.LT(1);
      const std::size_t type = at.getType();
      const std::size_t index = at.getTokenIndex();
      if (type == Token::EOF) return;
      const std::int32_t enclosing = tokens_.enclosing[index];
      const bool is_label_step =
          index > 0 && (token(index - 1).getType() == P::AS || token(index - 1).getType() == P::DOT);
      const bool is_error_place = index == error_place;
      if (!is_first) {
        if (is_declaration_word(type) && !is_label_step && (enclosing <= level || is_error_place)) return;
        if (enclosing < level || (is_closing(type) && enclosing < level)) return;
      }
      if (type == P::SEMICOLON && enclosing <= level) {
        stream.consume();
        return;
      }
      if (type == P::RIGHT_BRACE && enclosing == level) {
        const std::size_t next = token(index + 1).getType();
        if (next == P::COMMA || next == P::SEMICOLON || next == P::ARROW || next == P::AS || next == P::ELSE) continue;
        stream.consume();
        return;
      }
    }
  }

  // ---- what is said ----

  /// False when something before this place is reported already that may well be the reason.
  bool may_report(const Token& found) {
    if (tokens_.is_unsound[found.getTokenIndex()]) return false;
    if (tokens_.is_cut_off && found.getType() == Token::EOF) return false;
    return true;
  }

  std::string found_words(const Token& found) const {
    if (found.getType() == Token::EOF) return "the end of the file";
    if (found.getType() == P::STRING) return "the string " + spelling(found);
    return spelling(found);
  }

  void report_missing_semicolon(const Token& found) {
    const SourceRange place = behind_previous(found);
    sink_.report({.code = diag::code("E0107"),
                  .message = "found " +
                             (begins_line(found) && found.getType() != Token::EOF ? std::string("the end of the line")
                                                                                  : found_words(found)) +
                             ", expected `;`",
                  .range = place,
                  .fixes = {{.message = "add `;`", .range = place, .replacement = ";", .is_applicable = true}}});
  }

  /// A token that begins no statement of a list. True when it is a misspelt word that now stands for the right one.
  bool report_no_statement(antlr4::Parser& parser, std::size_t rule) {
    const Token& found = *parser.getCurrentToken();
    const std::size_t type = found.getType();
    // "}}}}" and ";;;;" are one mistake.
    const bool is_repeated = found.getTokenIndex() > 0 &&
                             found.getTokenIndex() == std::exchange(behind_stray_, found.getTokenIndex() + 1) &&
                             token(found.getTokenIndex() - 1).getType() == type;
    if (!may_report(found) || is_repeated) return false;
    const bool is_file = rule == P::RuleFile;
    Diagnostic diagnostic{.code = diag::code("E0106"), .range = range(found)};
    const std::string expected = is_file                    ? "a declaration"
                                 : rule == P::RuleTrainDecl ? "a statement of `train`"
                                                            : "a declaration or an edge";
    if (is_file && (type == P::IF || std::ranges::find(network_words, type) != network_words.end())) {
      diagnostic.code = diag::code("E0112");
      diagnostic.message = spelling(found) + " stands outside a network, it declares a part of one";
    } else if (!is_file && is_file_word(type)) {
      diagnostic.code = diag::code("E0112");
      diagnostic.message = spelling(found) + " stands inside a network, it is a declaration of the file";
    } else if (is_file && type == P::NAME) {
      if (report_misspelt(found, true)) return true;
      diagnostic.code = diag::code("E0108");
      diagnostic.message = spelling(found) + " begins no declaration, expected `import`, `const`, `block` or `network`";
    } else {
      diagnostic.message = "found " + found_words(found) + ", expected " + expected;
      if (type == P::SEMICOLON || (type == P::RIGHT_BRACE && is_file)) {
        diagnostic.fixes.push_back(
            {.message = "delete it", .range = diagnostic.range, .replacement = "", .is_applicable = true});
      }
    }
    sink_.report(std::move(diagnostic));
    return false;
  }

  /// True when the word is nearly a declaration word: it is reported and stands for that word from now on.
  bool report_misspelt(const Token& word, bool is_file) {
    const SourceRange place = range(word);
    const std::string_view text = text_.substr(place.begin, place.end - place.begin);
    std::vector<std::size_t> types(network_words.begin(), network_words.end());
    if (is_file) types.assign(file_words.begin(), file_words.end());
    std::vector<std::string> words;
    for (const std::size_t type : types) words.push_back(spelling_of_type(type));
    const std::vector<std::string_view> candidates(words.begin(), words.end());
    const std::string_view meant = diag::closest(text, candidates);
    if (meant.empty()) return false;
    sink_.report({.code = diag::code("E0108"),
                  .message = spelling(word) + " begins no declaration, did you mean `" + std::string(meant) + "`?",
                  .range = place,
                  .fixes = {{.message = "write `" + std::string(meant) + "`",
                             .range = place,
                             .replacement = std::string(meant),
                             .is_applicable = true}}});
    const auto which = static_cast<std::size_t>(std::ranges::find(candidates, meant) - candidates.begin());
    static_cast<antlr4::CommonToken&>(*tokens_.tokens[word.getTokenIndex()]).setType(types[which]);
    return true;
  }

  std::string spelling_of_type(std::size_t type) const {
    const std::string quoted = vocabulary_.getLiteralName(type);
    return quoted.size() < 2 ? std::string{} : quoted.substr(1, quoted.size() - 2);
  }

  /// What the grammar wants at the parser's state, in the language's words.
  std::string expected_words(antlr4::Parser& parser, const Token& found) const {
    const std::size_t rule = parser.getContext()->getRuleIndex();
    const antlr4::misc::IntervalSet set = parser.getATN().nextTokens(
        parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->atn.states[parser.getState()]);
    const auto has = [&](std::size_t type) { return set.contains(static_cast<ssize_t>(type)); };
    if (has(P::INTEGER) && has(P::NODE)) return "a label";
    if (has(P::INTEGER) && has(P::LEFT_BRACKET))
      return has(P::RIGHT_BRACE) ? "a layer, an expression or `}`" : "an expression";
    if (has(P::NAME) && has(P::REPEAT)) return "a layer";
    if (has(P::NAME) && has(P::STRING)) return "a module or the name of a file in quotes";
    if (has(P::NAME)) return has(P::LEFT_BRACE) ? "a name or `{`" : "a name";
    if (rule == P::RuleEdges && has(P::ARROW)) return "`->` or `~>`";
    if (rule == P::RuleEdges && has(P::SEMICOLON)) return "`->`, `,` or `;`";
    for (const std::size_t closer : {P::RIGHT_PAREN, P::RIGHT_BRACKET, P::RIGHT_BRACE}) {
      if (!has(closer) || !is_separated_rule(rule)) continue;
      const std::size_t index = found.getTokenIndex();
      const std::size_t previous = index == 0 ? Token::EOF : token(index - 1).getType();
      const bool may_begin = previous == P::COMMA || is_opening_type(previous);
      return (may_begin ? element_of(rule) : "`,`") + std::string(" or `") + spelling_of_type(closer) + "`";
    }
    if (rule == P::RuleBody && has(P::RIGHT_BRACE)) return "`->` or `}`";
    std::vector<std::string> words;
    for (const ssize_t type : set.toList()) {
      const std::string word = type > 0 ? spelling_of_type(static_cast<std::size_t>(type)) : std::string{};
      if (!word.empty()) words.push_back("`" + word + "`");
    }
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
      out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return out.empty() ? "a declaration" : out;
  }

  /// The token before `index` is a name with which an argument begins.
  bool is_argument_name(std::size_t index) const {
    if (index < 2 || token(index - 1).getType() != P::NAME) return false;
    const std::size_t before = token(index - 2).getType();
    return before == P::LEFT_PAREN || before == P::COMMA;
  }

  void report(antlr4::Parser& parser, const Token& found) {
    if (!may_report(found)) return;
    ParserRuleContext& context = *parser.getContext();
    const std::size_t rule = context.getRuleIndex();
    const std::size_t type = found.getType();
    const std::string expected = expected_words(parser, found);
    if (rule == P::RuleEdges && is_first_word_misspelt(context, found)) {
      read_again_ = true;
      return;
    }
    Diagnostic diagnostic{.code = diag::code("E0106"),
                          .message = "found " + found_words(found) + ", expected " + expected,
                          .range = range(found)};
    const Token* opener = opener_around(found);
    if (type == Token::EOF) {
      diagnostic.range = behind_previous(found);
      if (opener != nullptr) {
        diagnostic.code = diag::code("E0110");
        diagnostic.message = "the file ends before " + spelling(*opener) + " is closed, expected " + expected;
        diagnostic.notes.push_back({range(*opener), "opened here"});
      }
    } else if (rule == P::RuleNetworkDecl && expected == "`}`") {
      diagnostic.code = diag::code("E0110");
      diagnostic.message = "found " + found_words(found) + " before the network is closed, expected `}`";
      if (antlr4::tree::TerminalNode* brace = context.getToken(P::LEFT_BRACE, 0); brace != nullptr) {
        diagnostic.notes.push_back({range(*brace->getSymbol()), "opened here"});
      }
    } else if (opener != nullptr && (is_closing(type) || is_declaration_word(type))) {
      diagnostic.notes.push_back({range(*opener), spelling(*opener) + " is opened here"});
    } else if (rule == P::RuleArguments && type == P::ASSIGN &&
               is_argument_name(found.getTokenIndex())) {  // as Python writes it
      diagnostic.fixes.push_back({.message = "write `:` between the name of an argument and its value",
                                  .range = diagnostic.range,
                                  .replacement = ":",
                                  .is_applicable = true});
    } else if (rule == P::RuleAction && (type == P::COMMA || type == P::SEMICOLON)) {
      diagnostic.fixes.push_back({.message = "write the name of the action and `:` before its target"});
    }
    sink_.report(std::move(diagnostic));
  }

  /// "nod N1 { ... }" reads as an edge whose arrow is missing.
  bool is_first_word_misspelt(const ParserRuleContext& edges, const Token& found) {
    const bool is_second = found.getTokenIndex() == edges.start->getTokenIndex() + 1;
    if (!is_second || edges.start->getType() != P::NAME || found.getType() != P::NAME || begins_line(found))
      return false;
    return report_misspelt(*edges.start, false);
  }

  const TokenList& tokens_;
  std::string_view text_;
  source::FileId file_;
  diag::Sink& sink_;
  antlr4::dfa::Vocabulary vocabulary_ = P(nullptr).getVocabulary();
  bool is_unwinding_ = false;     // an error is reported and its end not reached yet
  std::size_t behind_stray_ = 0;  // index behind the last token that began no statement
  bool read_again_ = false;       // the statement's first word was misspelt and is mended
};

}  // namespace

std::shared_ptr<antlr4::ANTLRErrorStrategy> make_error_strategy(const TokenList& tokens, std::string_view text,
                                                                source::FileId file, diag::Sink& sink) {
  return std::make_shared<ErrorStrategy>(tokens, text, file, sink);
}

}  // namespace d2nn::syntax
