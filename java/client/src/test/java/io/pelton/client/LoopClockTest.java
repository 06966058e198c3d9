// Timers that meet the end of the threads that keep them.
package io.pelton.client;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoopClockTest {
    /** A batcher whose client is closed first undoes its timers after that. */
    @Test
    void whatIsScheduledWhileTheThreadsEndCanBeUndoneAfterwards() throws Exception {
        for (int round = 0; round < 50; round++) {
            EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
            LoopClock clock = new LoopClock(threads);
            threads.submit(() -> {}).sync();
            threads.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            List<Runnable> undos = new ArrayList<>();
            while (!threads.isShutdown()) {
                undos.add(clock.schedule(() -> {}, TimeUnit.HOURS.toNanos(1)));
            }
            threads.terminationFuture().sync();
            undos.forEach(Runnable::run);
        }
    }
}
