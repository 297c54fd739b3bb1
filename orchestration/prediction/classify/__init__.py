"""Classifiers of yes and no: labelled tables, a calibrated model, how good it is, its card. Not here: forecasts of purchases."""
