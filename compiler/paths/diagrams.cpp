// The only file that sees <bdd.h>. BuDDy 2.4 in C: an operation that fails calls the error hook and returns "never", so
// every result passes through Predicate(int), which looks at what the hook recorded before the result can be believed.
#include "paths/diagrams.h"

#include <bdd.h>

#include <algorithm>
#include <string>
#include <utility>

// The header turns these two into versions for its C++ class; here the plain ones are meant, with nodes as ints. The
// C++ class takes a result's reference before anyone can ask whether the operation failed.
#undef bdd_ithvar
#undef bdd_makeset

namespace d2nn::paths {
namespace {

const int never_node = bdd_false().id();
const int always_node = bdd_true().id();

/// BuDDy is one per process, and so is what stands here; guarded by the lock that a session holds.
struct BuddyState {
  std::mutex in_use;
  int error = 0;  // the first since it was last taken; 0: none
};

BuddyState& buddy_state() {
  static BuddyState state;
  return state;
}

/// Recording is all a hook may do: an exception would have to pass through BuDDy's C frames.
void record_error(int code) {
  if (buddy_state().error == 0) buddy_state().error = code;
}

void throw_recorded_error() {
  const int code = std::exchange(buddy_state().error, 0);
  if (code == 0) return;
  bdd_clear_error();
  if (code == BDD_NODENUM) throw DiagramError("the decision diagrams outgrew their limit");
  throw DiagramError(std::string("the decision diagrams failed: ") + bdd_errstring(code));
}

constexpr int first_node_count = 1000;  // small: it grows, and a large table costs milliseconds
constexpr int first_cache_size = 1000;
constexpr int nodes_per_cache_entry = 4;
constexpr int greatest_growth = 500000;

}  // namespace

Predicate::Predicate(int node) : node_(node) {
  throw_recorded_error();
  bdd_addref(node_);
}
Predicate::Predicate(const Predicate& other) : node_(other.node_) {
  bdd_addref(node_);
}
Predicate::Predicate(Predicate&& other) noexcept : node_(std::exchange(other.node_, never_node)) {}
Predicate& Predicate::operator=(Predicate other) noexcept {
  std::swap(node_, other.node_);
  return *this;
}
Predicate::~Predicate() {
  bdd_delref(node_);
}

bool Predicate::is_never() const {
  return node_ == never_node;
}
bool Predicate::is_always() const {
  return node_ == always_node;
}
int Predicate::variable() const {
  return bdd_var(node_);
}
Predicate Predicate::when_no() const {
  return Predicate(bdd_low(node_));
}
Predicate Predicate::when_yes() const {
  return Predicate(bdd_high(node_));
}

bool Predicate::holds(const std::vector<bool>& values) const {
  int node = node_;  // what lies below a referenced node lives: no references of its own are needed
  while (node != never_node && node != always_node) {
    node = values[static_cast<std::size_t>(bdd_var(node))] ? bdd_high(node) : bdd_low(node);
  }
  return node == always_node;
}

Predicate Predicate::simplified(const Predicate& care) const {
  return Predicate(bdd_simplify(node_, care.node_));
}

Predicate operator!(const Predicate& predicate) {
  return Predicate(bdd_not(predicate.node_));
}
Predicate operator&(const Predicate& left, const Predicate& right) {
  return Predicate(bdd_and(left.node_, right.node_));
}
Predicate operator|(const Predicate& left, const Predicate& right) {
  return Predicate(bdd_or(left.node_, right.node_));
}

DiagramSession::DiagramSession(int variable_count, int node_limit) : lock_(buddy_state().in_use) {
  buddy_state().error = 0;
  const int status = bdd_init(first_node_count, first_cache_size);
  if (status < 0) throw DiagramError(bdd_errstring(status));
  // bdd_init sets hooks that exit the process and print.
  bdd_error_hook(record_error);
  bdd_gbc_hook(nullptr);
  bdd_resize_hook(nullptr);
  bdd_setmaxincrease(greatest_growth);
  bdd_setcacheratio(nodes_per_cache_entry);
  bdd_setmaxnodenum(node_limit);
  bdd_setvarnum(std::max(variable_count, 1));
  try {
    throw_recorded_error();
  } catch (...) {
    bdd_done();
    throw;
  }
}

DiagramSession::~DiagramSession() {
  bdd_done();
}

Predicate DiagramSession::always() const {
  return Predicate(always_node);
}
Predicate DiagramSession::never() const {
  return Predicate(never_node);
}
Predicate DiagramSession::variable(int index) const {
  return Predicate(bdd_ithvar(index));
}

namespace {

std::vector<int> as_vector(std::span<const int> variables) {
  return {variables.begin(), variables.end()};
}

}  // namespace

Predicate DiagramSession::exists(const Predicate& predicate, std::span<const int> variables) const {
  if (variables.empty()) return predicate;
  std::vector<int> list = as_vector(variables);
  const Predicate set(bdd_makeset(list.data(), static_cast<int>(list.size())));
  return Predicate(bdd_exist(predicate.node_, set.node_));
}

Predicate DiagramSession::for_all(const Predicate& predicate, std::span<const int> variables) const {
  if (variables.empty()) return predicate;
  std::vector<int> list = as_vector(variables);
  const Predicate set(bdd_makeset(list.data(), static_cast<int>(list.size())));
  return Predicate(bdd_forall(predicate.node_, set.node_));
}

Predicate DiagramSession::restricted(const Predicate& predicate, const Predicate& values) const {
  return Predicate(bdd_restrict(predicate.node_, values.node_));
}

}  // namespace d2nn::paths
