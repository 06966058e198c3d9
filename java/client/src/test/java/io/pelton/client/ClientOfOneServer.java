// What tests of one client's calls share: a real server in this process, a client of it, a clock of
// its own.
package io.pelton.client;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

abstract class ClientOfOneServer {
    static final InferRequest REQUEST =
            InferRequest.builder("m")
                    .input(Tensor.ofDoubles("input", new long[] {1, 2}, 1, 2))
                    .build();

    final ManualClock clock = new ManualClock();
    final FakeServer server = new FakeServer(FakeModels.sum());
    PeltonClient client = server.client().clock(clock).build();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    /** Another client, of these endpoints. */
    void client(RetryPolicy retry, Duration timeout, String... endpoints) {
        client.close();
        client =
                PeltonClient.builder()
                        .endpoints(endpoints)
                        .retry(retry)
                        .callTimeout(timeout)
                        .build();
    }
}
