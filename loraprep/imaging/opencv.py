"""OpenCV as everything here uses it: one thread, and the same numbers from the same pixels.

Intel's routines inside its builds (IPP) give other last digits for other places in memory, so that two runs over one
picture differed; without them they do not, and nothing takes longer. `ipp.setUseIPP` holds for the thread that calls
it alone, so they are switched off where OpenCV looks when it is loaded, which it would say on stderr. Threads: pictures
are measured side by side, in processes of their own.
"""

import os

os.environ["OPENCV_IPP"] = "disabled"
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

import cv2

cv2.setNumThreads(1)
cv2.ipp.setUseIPP(False)  # where somebody else had loaded it before

__all__ = ["cv2"]
