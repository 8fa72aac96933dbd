// From the top: declarations of a file, items of a network, statements of a body, each on lines of its own; what stands
// within one is laid out by layout.cpp.
#include "syntax/format.h"

#include <memory>
#include <utility>

#include "syntax/boxes.h"
#include "syntax/comments.h"
#include "syntax/layout.h"
#include "syntax/parse_tree.h"
#include "syntax/written_lines.h"

namespace d2nn::syntax {

namespace {

using P = grammar::D2nnParser;

constexpr int indentation = 2;
/// What begins a line of a statement without being aligned stands so much right of it.
constexpr int continuation = 4;
/// A node's result hangs behind its `{` when that stands no further right; else it has lines of its own.
constexpr int rightmost_hanging_result = 40;

class FileFormatter {
 public:
  FileFormatter(const ParseTree& tree, std::string_view text)
      : tree_(tree), gaps_(tree.tokens, text), boxes_(tree.tokens, gaps_), layout_(tree.tokens, text, gaps_, lines_) {}

  std::string format() {
    bool was_large = false;
    const std::vector<P::FileItemContext*> items = tree_.root->fileItem();
    for (P::FileItemContext* item : items) {
      const bool is_large = item->networkDecl() != nullptr || item->blockDecl() != nullptr;
      wants_blank_ = item != items.front() && (was_large || is_large);
      was_large = is_large;
      begin_line(*item);
      if (item->importDecl() != nullptr) statement(boxes_.import_decl(*item->importDecl()));
      if (item->constDecl() != nullptr) statement(boxes_.const_decl(*item->constDecl()));
      if (item->blockDecl() != nullptr) body(boxes_.block_head(*item->blockDecl()), *item->blockDecl()->body(), false);
      if (item->networkDecl() != nullptr) network(*item->networkDecl());
    }
    Separation end = beginning();
    end.precedes_closing = true;
    layout_.write_token(tree_.tokens.tokens.size() - 1, end);
    return lines_.text();
  }

 private:
  /// Before a statement of the current block.
  Separation beginning() {
    return {.kind = Separation::Kind::line,
            .column = column_,
            .comment_column = column_,
            .is_statement = true,
            .follows_opening = std::exchange(is_first_, false),
            .wants_blank = std::exchange(wants_blank_, false)};
  }

  void statement(const Box& box) { layout_.write(box, beginning(), column_ + continuation); }

  /// Before the boxes of a statement are made: it has a line of its own.
  void begin_line(const antlr4::ParserRuleContext& statement) { gaps_.begin_line(statement.start->getTokenIndex()); }

  /// Behind the `{` of a declaration.
  void open() {
    column_ += indentation;
    lines_.set_line_apart();
    lines_.set_depth(column_);
    is_first_ = true;
  }

  /// Writes the `}`: right behind the `{` when there is nothing between, else on a line of its own.
  void close(antlr4::tree::TerminalNode* brace) {
    const std::size_t token = brace->getSymbol()->getTokenIndex();
    Separation end = beginning();
    column_ -= indentation;
    end.column = column_;
    end.precedes_closing = true;
    if (end.follows_opening && gaps_.comments(token).empty()) end = {};
    layout_.write_token(token, end);
    lines_.set_depth_of_line(column_);
  }

  void network(P::NetworkDeclContext& context) {
    statement(boxes_.network_head(context));
    open();
    for (P::NetworkItemContext* item : context.networkItem()) network_item(*item);
    close(context.RIGHT_BRACE());
  }

  void network_item(P::NetworkItemContext& item) {
    begin_line(item);
    if (item.inputDecl() != nullptr) statement(boxes_.input_decl(*item.inputDecl()));
    if (item.outputDecl() != nullptr) statement(boxes_.output_decl(*item.outputDecl()));
    if (item.dummyDecl() != nullptr) statement(boxes_.dummy_decl(*item.dummyDecl()));
    if (item.nodeDecl() != nullptr) body(boxes_.node_head(*item.nodeDecl()), *item.nodeDecl()->body(), true);
    if (item.edges() != nullptr) statement(boxes_.edges(*item.edges()));
    if (P::TrainDeclContext* train = item.trainDecl(); train != nullptr) {
      statement(boxes_.train_head(*train));
      open();
      for (P::TrainItemContext* setting : train->trainItem()) {
        begin_line(*setting);
        statement(boxes_.train_item(*setting));
      }
      close(train->RIGHT_BRACE());
    }
    if (P::ForDeclContext* loop = item.forDecl(); loop != nullptr) {
      const std::optional<Box> line = loop_in_one_line(*loop);
      if (line && column_ + line->width <= layout_columns) {
        statement(*line);
        return;
      }
      statement(boxes_.for_head(*loop));
      open();
      for (P::NetworkItemContext* inner : loop->networkItem()) network_item(*inner);
      close(loop->RIGHT_BRACE());
    }
    if (item.ifDecl() != nullptr) if_decl(*item.ifDecl());
  }

  void if_decl(P::IfDeclContext& context) {
    const std::vector<P::ItemBlockContext*> blocks = context.itemBlock();
    if (blocks.size() == 1) {
      const std::optional<Box> line = if_in_one_line(context);
      if (line && column_ + line->width <= layout_columns) return statement(*line);
    }
    const std::vector<Box> heads = boxes_.if_heads(context);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (i == 0) {
        statement(heads[i]);
      } else {  // behind the `}` of the branch before it
        layout_.write(heads[i], {.kind = Separation::Kind::blank, .column = column_, .comment_column = column_},
                      column_ + continuation);
      }
      open();
      for (P::NetworkItemContext* inner : blocks[i]->networkItem()) network_item(*inner);
      close(blocks[i]->RIGHT_BRACE());
    }
  }

  /// As loop_in_one_line, of a single branch.
  std::optional<Box> if_in_one_line(P::IfDeclContext& context) {
    P::ItemBlockContext& block = *context.itemBlock(0);
    if (context.itemBlock().size() != 1 || block.networkItem().size() != 1 || has_many_tokens(context))
      return std::nullopt;
    std::optional<Box> item = item_in_one_line(*block.networkItem(0));
    if (!item) return std::nullopt;
    return in_braces(std::move(boxes_.if_heads(context).front()), std::move(*item), boxes_.token(block.RIGHT_BRACE()));
  }

  /// A loop over a single declaration or edge, when no comment wants lines of its own.
  std::optional<Box> loop_in_one_line(P::ForDeclContext& context) {
    if (context.networkItem().size() != 1 || has_many_tokens(context)) return std::nullopt;
    std::optional<Box> item = item_in_one_line(*context.networkItem(0));
    if (!item) return std::nullopt;
    return in_braces(boxes_.for_head(context), std::move(*item), boxes_.token(context.RIGHT_BRACE()));
  }

  std::optional<Box> item_in_one_line(P::NetworkItemContext& item) {
    if (item.inputDecl() != nullptr) return boxes_.input_decl(*item.inputDecl());
    if (item.outputDecl() != nullptr) return boxes_.output_decl(*item.outputDecl());
    if (item.dummyDecl() != nullptr) return boxes_.dummy_decl(*item.dummyDecl());
    if (item.edges() != nullptr) return boxes_.edges(*item.edges());
    if (item.forDecl() != nullptr) return loop_in_one_line(*item.forDecl());
    if (item.ifDecl() != nullptr) return if_in_one_line(*item.ifDecl());
    if (item.nodeDecl() == nullptr) return std::nullopt;
    P::BodyContext& body = *item.nodeDecl()->body();
    if (!body.letStatement().empty() || body.result() == nullptr) return std::nullopt;
    return in_braces(boxes_.node_head(*item.nodeDecl()), boxes_.result(*body.result()),
                     boxes_.token(body.RIGHT_BRACE()));
  }

  /// A head with its `{`, what stands in the braces, the `}`: nothing when a comment breaks the line.
  static std::optional<Box> in_braces(Box head, Box inner, Box brace) {
    std::vector<Box> parts;
    parts.push_back(std::move(head));
    parts.push_back(std::move(inner));
    parts.push_back(std::move(brace));
    Box row = make_row(std::move(parts));
    return row.must_break_inside ? std::nullopt : std::optional(std::move(row));
  }

  /// More than fit in a line.
  static bool has_many_tokens(const antlr4::ParserRuleContext& context) {
    return context.stop->getTokenIndex() - context.start->getTokenIndex() >= layout_columns;
  }

  /// A result alone stands in the line of its braces when it fits; that of a node may also go on behind its `{`.
  void body(Box head, P::BodyContext& context, bool is_node) {
    if (context.letStatement().empty() && context.result() != nullptr) {
      const int hanging_column = column_ + head.width + 1;
      const bool may_hang = is_node && context.result()->RETURN() == nullptr && !head.must_break_inside &&
                            hanging_column <= rightmost_hanging_result;
      Box result = may_hang ? boxes_.only_result(*context.result()) : boxes_.result(*context.result());
      Box brace = boxes_.token(context.RIGHT_BRACE());
      const int width = hanging_column + result.width + 2;
      const bool fits = width <= layout_columns && !result.must_break_inside && !head.must_break_inside;
      if (!result.must_break && !brace.must_break && (fits || may_hang)) {
        std::vector<Box> parts;
        parts.push_back(std::move(head));
        parts.push_back(std::move(result));
        parts.push_back(std::move(brace));
        statement(make_row(std::move(parts)));
        return;
      }
    }
    statement(head);
    open();
    for (P::LetStatementContext* let : context.letStatement()) {
      begin_line(*let);
      statement(boxes_.let_statement(*let));
    }
    if (context.result() != nullptr) {
      begin_line(*context.result());
      statement(boxes_.result(*context.result()));
    }
    close(context.RIGHT_BRACE());
  }

  const ParseTree& tree_;
  Gaps gaps_;
  WrittenLines lines_;
  BoxBuilder boxes_;
  Layout layout_;
  int column_ = 0;
  bool is_first_ = true;      // nothing of the current block has been written
  bool wants_blank_ = false;  // the next declaration is set off by a blank line
};

}  // namespace

std::optional<std::string> format(const source::SourceFiles& files, source::FileId file, diag::Sink& sink) {
  const std::size_t errors_before = sink.error_count();
  const std::unique_ptr<ParseTree> tree = read_parse_tree(files, file, sink);
  if (sink.error_count() != errors_before) return std::nullopt;
  return FileFormatter(*tree, files[file].text()).format();
}

}  // namespace d2nn::syntax
