"""2D codes as grids of modules, to be drawn as vectors (no picture, no transparency)."""

from typing import Any

Matrix = tuple[tuple[bool, ...], ...]


def qr_matrix(text: str) -> Matrix:
    """A QR code (level M) without its quiet zone."""
    import segno  # lazy: the heavy libraries load on use

    return tuple(tuple(bool(cell) for cell in row) for row in segno.make(text, error="m", micro=False).matrix)


def datamatrix_matrix(text: str) -> Matrix:
    """An ECC200 DataMatrix without its quiet zone. Raises ValueError when the text does not fit."""
    import zxingcpp

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    image: Any = code.to_image(scale=1, add_quiet_zones=False)
    grid: Any = memoryview(image).tolist()
    return tuple(tuple(value < 128 for value in row) for row in grid)


def runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """(row, first column, length) of each horizontal run of dark modules."""
    found: list[tuple[int, int, int]] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            start = x
            while x < len(row) and row[x]:
                x += 1
            found.append((y, start, x - start))
    return found
