"""File names of a saved model."""

HEAD_FILE = "head.safetensors"
ADAPTER_FILE = "adapter_model.safetensors"
LAYERS_FILE = "layers.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
RESULTS_FILE = "results.json"
TRAINING_FILE = "training.json"
ADAPTER_FOLDER = "adapter"
