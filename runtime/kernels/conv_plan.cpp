#include "kernels/conv_plan.h"

namespace d2nn::kernels {

ConvPlan choose_plan(const d2nn_op& op) {
  (void)op;
  return ConvPlan::flat;
}

}  // namespace d2nn::kernels
