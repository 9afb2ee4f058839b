"""Names of files and folders that something on the way takes for something else."""

NAMES = [  # the first four are patterns to TensorFlow
    "exp[1]", "a*b", "q?", "back\\slash", "[!x]", "sp ace", " lead", "é漢", "e\u0301", "%s%d", "{x}", "$HOME", "~",
    "a;b", "[red]", "[bold", ":smile:", "'quote\"", "#1", "a,b", "a=b", "line\nbreak", "\u202eabc", "-dash", "x" * 200,
]  # fmt: skip
