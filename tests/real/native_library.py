"""A compiled shared library through the C interface (runtime/include/d2nn/d2nn.h), as a program in another language calls it."""

import array
import ctypes
import os


class Network:
    """One network of a shared library, with embedded weights, one input and one output."""

    def __init__(self, library, name, max_batch):
        self.runtime = ctypes.CDLL(os.environ["D2NN_LIBRARY"])
        self.runtime.d2nn_last_error.restype = ctypes.c_char_p
        for function in ("d2nn_module_input", "d2nn_module_output"):
            getattr(self.runtime, function).restype = ctypes.POINTER(TensorInfo)
        self.library = ctypes.CDLL(str(library))
        accessor = getattr(self.library, f"{name}_module")
        accessor.restype = ctypes.c_void_p
        self.module = ctypes.c_void_p(accessor())
        self.model, self.context = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.runtime.d2nn_model_create(self.module, None, ctypes.byref(self.model)))
        self.check(self.runtime.d2nn_context_create(self.model, ctypes.c_size_t(max_batch), ctypes.byref(self.context)))
        self.max_batch = max_batch
        self.input_size = self.runtime.d2nn_module_input(self.module, ctypes.c_size_t(0)).contents.elements
        self.output_size = self.runtime.d2nn_module_output(self.module, ctypes.c_size_t(0)).contents.elements

    def check(self, status):
        if status != 0:
            raise RuntimeError(self.runtime.d2nn_last_error().decode())

    def run(self, samples):
        """samples: array of f32, [n, input]; returns an array of f32, [n, output]. Runs of at most max_batch samples."""
        count = len(samples) // self.input_size
        results = array.array("f", bytes(4 * count * self.output_size))
        floats = ctypes.POINTER(ctypes.c_float)
        for begin in range(0, count, self.max_batch):
            size = min(self.max_batch, count - begin)
            inputs = (floats * 1)(ctypes.cast(samples.buffer_info()[0] + 4 * begin * self.input_size, floats))
            outputs = (floats * 1)(ctypes.cast(results.buffer_info()[0] + 4 * begin * self.output_size, floats))
            self.check(self.runtime.d2nn_run(self.context, ctypes.c_size_t(size), inputs, outputs, None))
        return results

    def close(self):
        self.runtime.d2nn_context_destroy(self.context)
        self.runtime.d2nn_model_destroy(self.model)


class TensorInfo(ctypes.Structure):
    """d2nn_tensor_info."""
    _fields_ = [("name", ctypes.c_char_p), ("doc", ctypes.c_char_p), ("rank", ctypes.c_size_t),
                ("dims", ctypes.POINTER(ctypes.c_int64)), ("elements", ctypes.c_int64), ("size_bytes", ctypes.c_int64),
                ("element_type", ctypes.c_int)]
