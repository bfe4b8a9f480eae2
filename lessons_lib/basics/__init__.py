"""What every room stands on: checks of arguments, the course's files, progress bars, scaling."""
