"""What is done to a model: data, presenting, training, labelling, evaluating, predicting, and the run folder's format."""
