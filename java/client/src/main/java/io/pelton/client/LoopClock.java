// Real time, on a client's own network threads.
package io.pelton.client;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

final class LoopClock implements Clock {
    private final EventLoopGroup threads;

    LoopClock(EventLoopGroup threads) {
        this.threads = threads;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Runnable schedule(Runnable task, long delayNanos) {
        try {
            Future<?> future = threads.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            // the client is closed, and whatever waited has been failed by that
            return () -> {};
        }
    }

    @Override
    public long random(long bound) {
        return bound <= 0 ? 0 : ThreadLocalRandom.current().nextLong(bound + 1);
    }
}
