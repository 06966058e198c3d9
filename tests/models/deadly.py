"""Dies in the ways a model can: the server, and every other request, must live on."""

import os
import signal

import pelton


class Deadly(pelton.Model):
    """1 leaves without a word, 2 crashes, 3 never returns, 4 eats memory; everything else is doubled."""

    inputs = {"x": ("FP64", [-1])}
    outputs = {"y": ("FP64", [-1])}

    def predict(self, inputs):
        """Doubles, if it gets there."""
        x = inputs["x"]
        if (x == 1).any():
            os._exit(3)
        if (x == 2).any():
            os.kill(os.getpid(), signal.SIGSEGV)
        while (x == 3).any():
            pass
        if (x == 4).any():
            hoard = []
            while True:
                hoard.append(bytearray(64 << 20))
        return {"y": x * 2.0}
