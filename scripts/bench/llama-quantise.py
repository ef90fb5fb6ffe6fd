"""Makes llama.cpp quantise a GGUF file: llama-quantise.py LIBLLAMA SOURCE TARGET q4_0|q8_0.

Calls llama_model_quantize of the shared library that runs in the benchmark: its own quantiser, from a file that is quantised already
(there is no other source). Of the parameters only the first fields are known here, in the order of llama.h of release v0.5.0; the
rest keeps what the library gives as default.
"""

import ctypes
import os
import sys

FTYPES = {"q4_0": 2, "q8_0": 7}  # enum llama_ftype


class Parameters(ctypes.Structure):
    _fields_ = [
        ("threads", ctypes.c_int32),
        ("ftype", ctypes.c_int32),
        ("output_tensor_type", ctypes.c_int32),
        ("token_embedding_type", ctypes.c_int32),
        ("allow_requantize", ctypes.c_bool),
        ("rest", ctypes.c_char * 239),  # more than there is
    ]


library_path, source, target, ftype = sys.argv[1:]
library = ctypes.CDLL(library_path)
library.llama_model_quantize_default_params.restype = Parameters
library.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
parameters = library.llama_model_quantize_default_params()
parameters.threads = os.cpu_count()
parameters.ftype = FTYPES[ftype]
parameters.allow_requantize = True
sys.exit(library.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)))
