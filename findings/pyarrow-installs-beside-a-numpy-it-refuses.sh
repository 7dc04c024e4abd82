#!/bin/sh
# Guess: a package that needs a certain numpy says so, so pip refuses the pair, or `pip check` names it.
# Instead: pyarrow 26 declares no dependency on numpy at all. Beside numpy 1.26, to which eth-ape 0.8 holds its users, it
# installs, `pip check` finds nothing broken, and `import pyarrow` raises. Without any numpy it imports and works, so a
# test in a venv of its own does not show it. pyarrow 25.0.1 imports beside the same numpy.
# pyarrow 26.0.1, numpy 1.26.4. Hurts: whoever adds Parquet to a project whose other packages hold numpy below 2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/python -m pip --disable-pip-version-check -qqq"
tries() {
    "$folder/venv/bin/python" -c 'import pyarrow; print("pyarrow", pyarrow.__version__, "imports")' 2>&1 | tail -n 1
}

$pip install "pyarrow==26.0.1"
alone=$(tries)
echo "without numpy:     $alone"
$pip install "numpy==1.26.4"
$pip check && echo "pip check:         nothing broken"
beside=$(tries)
echo "with numpy 1.26.4: $beside"
$pip install "pyarrow==25.0.1"
older=$(tries)
echo "with numpy 1.26.4: $older"

[ "$alone" = "pyarrow 26.0.1 imports" ]
[ "$older" = "pyarrow 25.0.1 imports" ]
case $beside in *"imports") exit 1 ;; ImportError*) ;; *) exit 1 ;; esac
