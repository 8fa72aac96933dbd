// The `train` block of a network: losses, metric, reward and settings become graph::TrainSpec.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Checks the block, if there is one, and fills Program::train. Names are declared and the types of outputs known.
/// Reports what is wrong once per statement; a statement that is wrong is left out.
void check_train(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
