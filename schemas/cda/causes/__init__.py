"""Root causes, said before what they cause: encoding of the bytes, signs in the document, older header."""
