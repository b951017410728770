"""How far predictions are from references: errors of models, their errors, and committees."""
