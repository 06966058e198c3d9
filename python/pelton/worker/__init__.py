"""The process that runs a model for the server. Needs numpy and the model's own libraries, no more."""
