"""OpenCV as everything here uses it: one thread, and the same numbers from the same pixels.

Intel's routines inside its builds (IPP) give other last digits for other places in memory, so that two runs over one
picture differed; without them they do not, and nothing takes longer. OpenCV keeps that switch for each thread, so that
no other thread than the one in which this is loaded may see with it. Threads: pictures are measured side by side, in
processes of their own.
"""

import cv2

cv2.setNumThreads(1)
cv2.ipp.setUseIPP(False)

__all__ = ["cv2"]
