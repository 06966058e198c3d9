// Taking the failure out of a future, in tests.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;

final class Failures {
    private Failures() {}

    static PeltonException of(CompletableFuture<?> future) {
        Throwable thrown = future.handle((value, failure) -> failure).join();
        assertThat(thrown)
                .as("the failure itself, not wrapped")
                .isInstanceOf(PeltonException.class);
        return (PeltonException) thrown;
    }
}
