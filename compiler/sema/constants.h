// Evaluation at compile time: constants, network parameters and every expression that must be known before a sample
// runs. Arithmetic is exact or an error: int is 64 bits and never wraps, `/` of two ints truncates towards zero, float
// is f64 and stays finite.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "sema/check.h"
#include "sema/values.h"
#include "syntax/ast.h"

namespace d2nn::sema {

using source::SourceRange;

/// What a name stands for where compile-time values are read.
struct NamedValue {
  SourceRange range;              // of the declaration's name
  std::optional<Value> value;     // nothing: its declaration was wrong, and that was reported
  std::string other_kind;         // "node", "tensor", ...: no compile-time value at all; empty otherwise
  std::optional<Dims> dims = {};  // of a tensor of a body, once they are known
};

/// Names visible at one level; outer levels are looked at after it and must outlive it.
class ConstantScope {
 public:
  explicit ConstantScope(const ConstantScope* outer = nullptr) : outer_(outer) {}

  /// The caller has made sure that the level does not hold the name yet.
  void declare(const std::string& name, NamedValue value) { own_.emplace(name, std::move(value)); }
  /// Declares the values of another module's own level as "module.name".
  void declare_members(const std::string& module, const ConstantScope& members);
  const NamedValue* find(const std::string& name) const;
  /// Names of compile-time values, inner levels first.
  std::vector<std::string_view> value_names() const;
  /// Names of tensors of a body, inner levels first.
  std::vector<std::string_view> tensor_names() const;

 private:
  const ConstantScope* outer_;
  std::map<std::string, NamedValue> own_;
};

/// Evaluates expressions in a scope. Every function reports what is wrong, once, and then gives nothing.
class Evaluator {
 public:
  /// `actions`: the value of `actions`, absent outside the body of a control node. `is_shape_missed`: set when a size
  /// was asked for that is unknown, which is no mistake and silent; may be null.
  Evaluator(const ConstantScope& scope, diag::Sink& sink, std::optional<std::int64_t> actions = std::nullopt,
            bool* is_shape_missed = nullptr)
      : scope_(scope), sink_(sink), actions_(actions), is_shape_missed_(is_shape_missed) {}
  /// The same in another scope, outside the body of a control node.
  Evaluator in(const ConstantScope& scope, diag::Sink& sink) const {
    return {scope, sink, std::nullopt, is_shape_missed_};
  }

  std::optional<Value> evaluate(const ast::Expr& expr) const;
  /// A value of the type (an int is also a float, and dims of one dimension); `what` names it in the message.
  std::optional<Value> evaluate_as(const ast::Expr& expr, ValueType type, const std::string& what) const;
  /// A number beside a tensor: as evaluate_as float, but the arithmetic written in place is that of real numbers, so
  /// that `1 / 8` is an eighth.
  std::optional<double> evaluate_real(const ast::Expr& expr, const std::string& what) const;
  /// "[0.5, 1]", or what names one: a flat list of numbers.
  std::optional<std::vector<double>> evaluate_numbers(const ast::Expr& expr, const std::string& what) const;
  /// A number, or nested lists of numbers of equal lengths, all within f32.
  std::optional<TensorLiteral> evaluate_tensor(const ast::Expr& expr, const std::string& what) const;

 private:
  // sizes.cpp
  /// "channels(x)", "size(x, 1)".
  std::optional<Value> evaluate_size(const ast::CallExpr& query, SourceRange range) const;
  const NamedValue* find_tensor(const ast::CallExpr& query) const;
  // lists.cpp
  std::optional<Value> evaluate_list(const ast::ListExpr& list, SourceRange range) const;
  std::optional<Value> evaluate_length(const ast::CallExpr& call, SourceRange range) const;
  /// A name, a member of a module or an item of either: its value stands somewhere.
  static bool is_named_value(const ast::Expr& expr);
  const Value* find_named_value(const ast::Expr& expr) const;
  const Value* find_item(const ast::IndexExpr& index, SourceRange range) const;
  /// The value of any expression; `made` holds what has no name.
  const Value* find_value(const ast::Expr& expr, std::optional<Value>& made) const;
  std::optional<std::vector<double>> numbers_of(const Value& value, SourceRange range, const std::string& what) const;
  std::optional<TensorLiteral> tensor_of(const List& list, SourceRange range, const std::string& what) const;
  bool append_values(const Value& value, std::size_t depth, SourceRange range, TensorLiteral& literal,
                     const std::string& what) const;
  // constants.cpp
  const NamedValue* find_name(const ast::Name& name) const;
  const NamedValue* find_member(const ast::CallExpr& member, SourceRange range) const;
  void report_wrong_type(const Value& value, ValueType needed, SourceRange range, const std::string& what) const;
  bool append_number(const Value& value, SourceRange range, TensorLiteral& literal, const std::string& what) const;
  std::optional<Value> evaluate_unary(const ast::UnaryExpr& unary, SourceRange range) const;
  std::optional<Value> evaluate_binary(const ast::BinaryExpr& binary, SourceRange range) const;
  std::optional<Value> integer_arithmetic(const ast::BinaryExpr& binary, std::int64_t left, std::int64_t right,
                                          SourceRange range) const;
  std::optional<Value> number_arithmetic(const ast::BinaryExpr& binary, double left, double right,
                                         SourceRange range) const;
  /// The right side of `&&` or `||` where the left one decides, as in `k != 0 && 8 / k > 1` for k = 0: wrong names and
  /// types are reported, but not that there is no value (beyond 64 bits, divided by 0); what such a part is part of is
  /// not looked at.
  std::optional<Value> evaluate_guarded(const ast::Expr& expr) const;
  std::optional<double> evaluate_number(const ast::Expr& expr, const std::string& what) const;
  bool append_tensor(const ast::Expr& expr, std::size_t depth, TensorLiteral& literal, const std::string& what) const;

  const ConstantScope& scope_;
  diag::Sink& sink_;
  std::optional<std::int64_t> actions_;
  bool* is_shape_missed_;
};

/// A call that asks for a size of a tensor: "channels(x)", "height(x)", "width(x)", "size(x, 1)".
bool is_size_query(const ast::CallExpr& call);

/// `+`, `-`, `*`, `/` and `%`.
bool is_arithmetic(ast::BinaryOp op);

/// Declares the constants of a file in `scope`, in whatever order they need each other.
void evaluate_constants(const std::vector<const ast::Const*>& constants, ConstantScope& scope, diag::Sink& sink);

/// The type that a parameter of a network or block states; nothing after reporting that there is none of that name.
std::optional<ValueType> parameter_type(const ast::Parameter& parameter, diag::Sink& sink);

/// The parameters of a network as set by their defaults and -D, in order of declaration; a later one sees the earlier.
/// Declares them in `scope`, whose outer level is the file's. Names that are already declared there are left alone.
/// Returns the settings as text, for graph::Program.
std::vector<std::pair<std::string, std::string>> evaluate_parameters(const ast::Network& network,
                                                                     const CheckOptions& options, ConstantScope& scope,
                                                                     diag::Sink& sink);

}  // namespace d2nn::sema
