"""Instructions as people and vision models write them, made of patterns; and what is none, though it lies with pairs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

THINGS = ("the lamp post on the left", "the woman's red coat", "the car", "two people in the background", "the sky",
          "the dog", "the sign over the door", "his beard", "the kitchen table", "power lines")  # fmt: skip
PLACES = ("in the background", "on the table", "behind the fence", "in the top left corner", "next to the window")
LOOKS = ("a watercolour", "an oil painting with thick strokes", "a pencil drawing", "pixel art", "a 1950s postcard",
         "a flat poster with black outlines", "a pencil sketch on yellow paper", "claymation")  # fmt: skip
LIGHTS = ("at night", "in the golden hour", "under heavy snow", "in thick fog", "by candle light", "on a rainy evening")
NEW = ("a red balloon", "a small brown dog", "snow on the roof", "a pair of round glasses", "warm street lights")

_WITH_A_THING = (
    "Remove {thing}.", "remove {thing} and fill in what is behind", "Please take {thing} away", "Erase {thing} completely",
    "get rid of {thing}", "Delete {thing}; leave all else untouched.", "Make {thing} bright blue", "Blur {thing}",
    "Change the colour of {thing} to dark green", "Could you make {thing} look older?", "{thing} should be gone",
    "Keep {thing} and turn the rest to black and white", "Slightly darken {thing}", "Cut out {thing} onto white",
    "Without touching anything else, replace {thing} with a wooden bench.", "I want {thing} to be made of glass",
    "Enlarge {thing} to twice its size", "Let {thing} glow", "Mirror {thing} left to right", "Paint {thing} gold",
)  # fmt: skip
_WITH_A_LOOK = (
    "Turn this photo into {look}", "Redraw the picture as {look}.", "make it look like {look}", "convert to {look}",
    "Repaint the scene as {look}, same composition.", "Using the same framing, render this as {look}",
    "Now transform the whole image into {look}", "Restyle as {look} and keep the faces", "give it the look of {look}",
    "Reimagine as {look}: same pose, same view.",
)  # fmt: skip
_WITH_A_LIGHT = (
    "Show this scene {light}", "show the street {light}.", "Relight it as if taken {light}", "make it look {light}",
    "Change the time so that everything is {light}", "Set the same view {light}; the camera does not move.",
    "Light the room {light}", "imagine the place {light}",
)  # fmt: skip
_WITH_SOMETHING_NEW = (
    "Add {new} {place}", "put {new} {place}", "Insert {new} {place}, lit like the rest.", "{Place}, add {new}",
    "Place {new} {place}", "{Place} draw {new}", "Paint {new} {place} in the same style", "There should be {new} {place}",
    "Add {new}", "Replace whatever is {place} with {new}.",
)  # fmt: skip
ALONE = (
    "colorize", "Colorize this old photo", "colourise the photograph naturally", "deblur", "Sharpen the picture",
    "restore this damaged photo: scratches, stains and folds", "upscale and denoise", "Zoom out", "zoom in on the face",
    "Rotate the camera 45 degrees to the left", "Crop the picture to the face", "crop out the frame", "color grade teal and orange",
    "Clean the graffiti off the wall", "clean up the background", "Open the window", "close her eyes", "Dry the street",
    "Empty the shelves and dust them off", "Make her smile", "make him look twenty years older", "Dress her in a blue suit",
    "Undress the mannequin", "Put on a hat", "Turn on the lamp", "turn day into night", "Swap the cat for a fox",
    "Switch summer to winter", "Wake the sleeping child", "Raise the blinds halfway", "Fold the shirt neatly",
    "Write OPEN on the door", 'Replace the text "SALE" with "CLOSED"', 'Change the sign so that it reads "no entry"',
    "Translate the words on the poster into French", "Straighten the horizon", "Extend the picture to the right",
    "Have her look at the camera", "Let it rain", "let there be fog", "Give the man a moustache and glasses",
    "Ink the outlines", "Cel shade this", "Lego-fy everything", "Age the building by a century", "Break the vase",
    "Melt the snowman halfway", "Freeze the lake", "Flood the street knee-deep", "Burn the edges of the page",
    "don't change the face; swap the background for a plain grey wall", "Do not touch the people, remove all else",
    "The background has to be plain white.", "The wall needs to be brick", "I'd like the hair to be shorter",
    "Carefully remove every wrinkle", "Just make it brighter", "First remove the fence, then add flowers",
    "Image 1 is the room: repaint its walls", "In the picture, the door is green: make it red.", "Undo the colour cast",
    "Fill the frame with flowers", "Move the chair closer to the window", "Lower the camera to ground level",
    "With the same pose, put the dancer on a stage", "From this view, turn the house around", "Cover the floor with leaves",
    "Hang a picture over the sofa", "Plant a row of poplars along the road", "Wash the car", "Shave off his beard",
    "Strip the wallpaper and show bare plaster", "Pour milk into the glass", "Tear the page in two", "Stack the boxes",
    "Bring the mountain closer", "Send everyone home, leave the square empty", "make this beautiful", "pretty it up",
    "Turn the clock to half past five", "Make day of night", "Sketch this", "Polish the silver until it shines",
)  # fmt: skip

DESCRIBED = (
    "a street at night", "The same street at night, lit by a single lamp.", "night scene with warm light",
    "A woman in a blue suit stands by the window.", "an empty square", "watercolour painting of a mill",
    "black and white photograph of a bridge", "The lamp post is gone.", "oil painting, thick strokes",
    "A car parked in front of a red house, golden hour.", "snow covered roofs", "no people", "without the lamp post",
    "The image shows a kitchen with white cupboards.", "old man with a beard", "poster style", "claymation",
    "A photo of a dog in the snow, sharp focus", "It is night, and a lamp is burning.", "A flat poster with black outlines",
    "colour photo of two children", "Light rain over a quiet harbour", "clean kitchen, no dishes", "open field under clouds",
    "cover of a magazine with a woman on it", "warm evening light on the wall", "In the background there are mountains.",
    "sketch of a castle on a hill", "paint splashes on a wooden floor", "The dog is sitting on the table.",
    "dry street in summer", "a room after it was tidied", "The girl is smiling now.", "restored photograph",
    "A cat instead of a dog", "two glasses of milk on a tray", "1950s postcard of a beach", "foggy forest road",
    "A red balloon floats in the top left corner.", "burnt edges, yellow paper",
)  # fmt: skip


def sound() -> list[str]:
    """Over two hundred instructions, no two alike."""
    return sorted({*ALONE, *_made()})


def _made() -> Iterator[str]:
    turns = itertools.cycle(range(11))
    for pattern in _WITH_A_THING:
        yield from (_begun(pattern.format(thing=THINGS[(next(turns) + n) % len(THINGS)])) for n in range(5))
    for pattern in _WITH_A_LOOK:
        yield from (pattern.format(look=LOOKS[(next(turns) + n) % len(LOOKS)]) for n in range(4))
    for pattern in _WITH_A_LIGHT:
        yield from (pattern.format(light=LIGHTS[(next(turns) + n) % len(LIGHTS)]) for n in range(3))
    for pattern in _WITH_SOMETHING_NEW:
        for n in range(4):
            place = PLACES[(next(turns) + n) % len(PLACES)]
            yield pattern.format(new=NEW[n % len(NEW)], place=place, Place=place.capitalize())


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]
