"""Pictures that Milepost draws itself, as SVG text: the path with its stones, avatars, meters, sparklines, the horizon.

They carry no inline styles (the content security policy refuses them): geometry sits in attributes and colours in the
sheet's classes, so light, dark and forced colours apply to them as to everything else.
"""
