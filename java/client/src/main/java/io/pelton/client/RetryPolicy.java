// Which failures are tried again, how often and after how long; the trying itself is elsewhere.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * When a call is sent again: after a retryable code, at most {@link #maxAttempts()} times in all,
 * after a random wait between zero and an exponentially growing bound ("full jitter"), and only if
 * the wait ends before the call's deadline. A wait asked for by the server ({@code RetryInfo}) is
 * honoured: the random one comes on top of it.
 *
 * <pre>{@code
 * RetryPolicy.builder().maxAttempts(3).initialBackoff(Duration.ofMillis(10)).build()
 * }</pre>
 */
public final class RetryPolicy implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int maxAttempts;
    private final Duration initialBackoff;
    private final Duration maxBackoff;
    private final double multiplier;
    private final Duration attemptTimeout;
    private final EnumSet<Code> codes;

    private RetryPolicy(Builder builder) {
        this.maxAttempts = builder.maxAttempts;
        this.initialBackoff = builder.initialBackoff;
        this.maxBackoff = builder.maxBackoff;
        this.multiplier = builder.multiplier;
        this.attemptTimeout = builder.attemptTimeout;
        this.codes = EnumSet.copyOf(builder.codes);
    }

    /**
     * Up to 20 attempts on UNAVAILABLE and RESOURCE_EXHAUSTED, waits bounded by 20 ms doubling to 1
     * s: enough to bridge the restart of a model or a server, so that it is mostly the call's
     * deadline that ends them.
     *
     * @return the policy of a client that was not told otherwise
     */
    public static RetryPolicy defaults() {
        return builder().build();
    }

    /**
     * One attempt, no retry.
     *
     * @return the policy
     */
    public static RetryPolicy none() {
        return builder().maxAttempts(1).build();
    }

    /**
     * Starts from {@link #defaults()}.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * How often a call is sent at most, the first time included.
     *
     * @return at least 1
     */
    public int maxAttempts() {
        return maxAttempts;
    }

    /**
     * How long one attempt may take before another is made.
     *
     * @return empty if only the call's own deadline counts
     */
    public Optional<Duration> attemptTimeout() {
        return Optional.ofNullable(attemptTimeout);
    }

    /**
     * The codes after which a call is sent again.
     *
     * @return an unmodifiable set
     */
    public Set<Code> codes() {
        return Collections.unmodifiableSet(codes);
    }

    /** The upper bound of the random wait after attempt number {@code attempt} (from 1), in ns. */
    long backoffBoundNanos(int attempt) {
        double bound = Clock.nanos(initialBackoff) * Math.pow(multiplier, attempt - 1.0);
        return (long) Math.min(bound, Clock.nanos(maxBackoff));
    }

    /** Builds a {@link RetryPolicy}. */
    public static final class Builder {
        private int maxAttempts = 20;
        private Duration initialBackoff = Duration.ofMillis(20);
        private Duration maxBackoff = Duration.ofSeconds(1);
        private double multiplier = 2.0;
        private Duration attemptTimeout;
        private final EnumSet<Code> codes = EnumSet.of(Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED);

        private Builder() {}

        /** How often a call is sent at most, the first time included; at least 1. */
        public Builder maxAttempts(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("maxAttempts must be at least 1, was " + value);
            }
            this.maxAttempts = value;
            return this;
        }

        /** The upper bound of the first wait, not negative. */
        public Builder initialBackoff(Duration value) {
            this.initialBackoff = notNegative("initialBackoff", value);
            return this;
        }

        /** The upper bound of every wait, not negative. */
        public Builder maxBackoff(Duration value) {
            this.maxBackoff = notNegative("maxBackoff", value);
            return this;
        }

        /** By how much the bound grows from wait to wait, at least 1. */
        public Builder multiplier(double value) {
            if (!(value >= 1.0) || Double.isInfinite(value)) {
                throw new IllegalArgumentException("multiplier must be at least 1, was " + value);
            }
            this.multiplier = value;
            return this;
        }

        /**
         * How long one attempt may take; after that it is cancelled and another is made, on the
         * endpoint whose turn it is. Not set: only the call's deadline counts, and a server that
         * accepts calls but never answers costs the whole of it.
         */
        public Builder attemptTimeout(Duration value) {
            if (notNegative("attemptTimeout", value).isZero()) {
                throw new IllegalArgumentException("attemptTimeout must be more than zero");
            }
            this.attemptTimeout = value;
            return this;
        }

        /** The codes after which a call is sent again, in place of the default ones. */
        public Builder codes(Code first, Code... more) {
            codes.clear();
            codes.addAll(EnumSet.of(first, more));
            return this;
        }

        /**
         * The policy.
         *
         * @return a new policy
         */
        public RetryPolicy build() {
            return new RetryPolicy(this);
        }

        private static Duration notNegative(String name, Duration value) {
            if (Objects.requireNonNull(value, name).isNegative()) {
                throw new IllegalArgumentException(name + " must not be negative, was " + value);
            }
            return value;
        }
    }
}
