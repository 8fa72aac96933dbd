#include "graph/join_shape.h"

namespace d2nn::graph {

ops::ShapeResult joined_shape(Join join, ops::Shapes carried) {
  if (join == Join::concat) return ops::infer_shape(ops::layer("concat"), {}, carried);
  for (const Shape& other : carried.subspan(1)) {
    if (other == carried[0]) continue;
    return {std::nullopt,
            {.message = "edges of " + carried[0].to_string() + " and " + other.to_string() +
                        " are joined, but must have equal shapes",
             .fix = {}}};
  }
  return {carried[0], {}};
}

}  // namespace d2nn::graph
