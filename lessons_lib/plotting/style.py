"""Colours and sizes that all figures of the course share."""

from matplotlib.colors import LinearSegmentedColormap

CMAP = "inferno"
PANEL = 3.2  # inches a side
DPI = 100
FOR, AGAINST = "#009e73", "#d55e00"  # green and red that colour-blind readers tell apart
FOR_AGAINST = LinearSegmentedColormap.from_list("for_against", [AGAINST, "white", FOR])
