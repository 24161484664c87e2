"""The pages themselves, one module each."""
