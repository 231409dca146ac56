"""Programs and trials: what a loop asks for, who shares a program, how wide packs are."""
