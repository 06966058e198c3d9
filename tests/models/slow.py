"""Takes its time: each batch as long as its slowest row says."""

import time

import pelton


class Slow(pelton.Model):
    """`seconds` comes back as `slept`."""

    inputs = {"seconds": ("FP64", [-1])}
    outputs = {"slept": ("FP64", [-1])}

    def predict(self, inputs):
        """Sleeps."""
        time.sleep(float(inputs["seconds"].max()))
        return {"slept": inputs["seconds"]}
