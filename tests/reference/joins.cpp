#include "reference/joins.h"

#include <cmath>

namespace d2nn::reference {
namespace {

/// The first or last edge that is not null; edges.size() when all are.
template <class Scalar>
std::size_t selected(graph::Join join, const std::vector<Carried<Scalar>>& edges) {
  std::size_t found = edges.size();
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (!edges[e].value) continue;
    if (join == graph::Join::last || found == edges.size()) found = e;
  }
  return found;
}

/// The edge whose element is the greatest, ties to the first; a NaN is greater than all.
template <class Scalar>
std::size_t greatest(const std::vector<Carried<Scalar>>& edges, std::size_t element) {
  std::size_t best = 0;
  for (std::size_t e = 1; e < edges.size(); ++e) {
    const Scalar value = (*edges[e].value)[element];
    const Scalar best_value = (*edges[best].value)[element];
    if (value > best_value || (std::isnan(value) && !std::isnan(best_value))) best = e;
  }
  return best;
}

}  // namespace

template <class Scalar>
std::optional<Tensor<Scalar>> join_forward(graph::Join join, const std::vector<Carried<Scalar>>& edges) {
  if (join == graph::Join::first || join == graph::Join::last) {
    const std::size_t edge = selected(join, edges);
    return edge == edges.size() ? std::nullopt : edges[edge].value;
  }
  for (const Carried<Scalar>& edge : edges) {
    if (!edge.value) return std::nullopt;
  }
  if (join == graph::Join::none) return edges[0].value;
  Tensor<Scalar> joined;
  if (join == graph::Join::concat) {
    for (const Carried<Scalar>& edge : edges) joined.insert(joined.end(), edge.value->begin(), edge.value->end());
    return joined;
  }
  for (std::size_t i = 0; i < edges[0].value->size(); ++i) {
    if (join == graph::Join::max) {
      joined.push_back((*edges[greatest(edges, i)].value)[i]);
      continue;
    }
    double sum = 0;
    for (const Carried<Scalar>& edge : edges) sum += double((*edge.value)[i]);
    joined.push_back(Scalar(join == graph::Join::mean ? sum / double(edges.size()) : sum));
  }
  return joined;
}

template <class Scalar>
std::vector<Tensor<Scalar>> join_backward(graph::Join join, const std::vector<Carried<Scalar>>& edges,
                                          const Tensor<Scalar>& gradient) {
  std::vector<Tensor<Scalar>> gradients(edges.size());
  std::size_t begin = 0;  // concat: where the edge's part begins
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const std::size_t part = begin;
    if (join == graph::Join::concat) begin += edges[e].value->size();
    if (edges[e].is_fallback || !edges[e].value) continue;
    const bool takes_one = join == graph::Join::first || join == graph::Join::last;
    if (takes_one && selected(join, edges) != e) continue;
    gradients[e].resize(edges[e].value->size());
    for (std::size_t i = 0; i < gradients[e].size(); ++i) {
      if (join == graph::Join::max) {
        gradients[e][i] = greatest(edges, i) == e ? gradient[i] : Scalar(0);
      } else if (join == graph::Join::mean) {
        gradients[e][i] = Scalar(double(gradient[i]) / double(edges.size()));
      } else {
        gradients[e][i] = gradient[part + i];
      }
    }
  }
  return gradients;
}

template std::optional<Tensor<float>> join_forward(graph::Join, const std::vector<Carried<float>>&);
template std::optional<Tensor<double>> join_forward(graph::Join, const std::vector<Carried<double>>&);
template std::vector<Tensor<float>> join_backward(graph::Join, const std::vector<Carried<float>>&,
                                                  const Tensor<float>&);
template std::vector<Tensor<double>> join_backward(graph::Join, const std::vector<Carried<double>>&,
                                                   const Tensor<double>&);

}  // namespace d2nn::reference
