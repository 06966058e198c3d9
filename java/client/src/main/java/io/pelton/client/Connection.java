// The channel to a service's endpoints, its threads, and the calls under way; closes all of them.
package io.pelton.client;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import io.pelton.client.PeltonException.Code;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class Connection {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Often enough to notice a server that is back, seldom enough not to hurt one that starts. */
    private static final long CONNECT_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long WARN_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final EventLoopGroup threads;

    /** Every thread of this client, to wait for their very ends. */
    private final Queue<Thread> started = new ConcurrentLinkedQueue<>();

    /** One thread, started when there is a name to look up. */
    private final ExecutorService lookUps =
            Executors.newSingleThreadExecutor(
                    recorded(new DefaultThreadFactory("pelton-lookup", true)));

    private final ManagedChannel channel;
    private final Clock clock;
    private final RetryPolicy retry;
    private final Supplier<String> bearerToken;
    private final Set<RetryingCall<?, ?>> calls = ConcurrentHashMap.newKeySet();
    private final Set<Runnable> whenClosed = ConcurrentHashMap.newKeySet();
    private final AtomicLong connectAgainNanos;
    private final AtomicLong warnAgainNanos;
    private volatile boolean closed;

    Connection(PeltonClient.Builder options) {
        List<Endpoint> endpoints =
                options.endpoints.stream().map(Endpoint::parse).collect(Collectors.toList());
        SslContext ssl = options.tls ? sslContext(options) : null;
        // NIO and not epoll: no native library to carry along, and nothing to gain on few
        // connections
        this.threads =
                new MultiThreadIoEventLoopGroup(
                        options.ioThreads,
                        recorded(new DefaultThreadFactory("pelton-io", true)),
                        NioIoHandler.newFactory());
        this.channel = channel(options, endpoints, ssl);
        this.clock = options.clock == null ? new LoopClock(threads) : options.clock;
        this.connectAgainNanos = new AtomicLong(clock.nanoTime());
        this.warnAgainNanos = new AtomicLong(clock.nanoTime());
        this.retry = options.retry;
        this.bearerToken = options.bearerToken;
        if (bearerToken != null && !options.tls) {
            LOG.warn(
                    "the bearer token is sent in plain text, turn on TLS unless the network is safe");
        }
    }

    private ThreadFactory recorded(ThreadFactory factory) {
        return task -> {
            Thread thread = factory.newThread(task);
            started.add(thread);
            return thread;
        };
    }

    @SuppressWarnings("deprecation") // the one way to give a resolver to one channel alone
    private ManagedChannel channel(
            PeltonClient.Builder options, List<Endpoint> endpoints, SslContext ssl) {
        NettyChannelBuilder builder =
                NettyChannelBuilder.forTarget(EndpointResolver.SCHEME + ":///endpoints")
                        .nameResolverFactory(
                                new EndpointResolver.Provider(
                                        endpoints,
                                        options.authority == null,
                                        Clock.nanos(options.dnsRefresh),
                                        lookUps))
                        .defaultLoadBalancingPolicy("round_robin")
                        .disableServiceConfigLookUp()
                        .disableRetry()
                        .directExecutor()
                        // servers refuse clients that ask more often than this
                        .keepAliveTime(5, TimeUnit.MINUTES)
                        .keepAliveTimeout(20, TimeUnit.SECONDS)
                        .maxInboundMessageSize(options.maxMessageBytes)
                        .eventLoopGroup(threads)
                        .channelType(NioSocketChannel.class)
                        .userAgent("pelton-java");
        if (options.authority != null) {
            builder.overrideAuthority(options.authority);
        }
        if (ssl == null) {
            builder.usePlaintext();
        } else {
            builder.sslContext(ssl);
        }
        return builder.build();
    }

    private static SslContext sslContext(PeltonClient.Builder options) {
        try {
            SslContextBuilder builder = GrpcSslContexts.forClient();
            if (options.caPem != null) {
                builder.trustManager(readable(options.caPem));
            }
            if (options.certificatePem != null) {
                builder.keyManager(readable(options.certificatePem), readable(options.keyPem));
            }
            return builder.build();
        } catch (SSLException e) {
            throw new IllegalArgumentException("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    private static File readable(Path path) {
        File file = path.toFile();
        if (!file.isFile() || !file.canRead()) {
            throw new IllegalArgumentException("cannot read the certificate file " + path);
        }
        return file;
    }

    /** A call that {@link #start} makes, with retries, until its deadline. */
    <Q, R> RetryingCall<Q, R> prepare(
            MethodDescriptor<Q, R> method,
            Q request,
            long timeoutNanos,
            RetryingCall.Outcome<R> outcome) {
        return new RetryingCall<>(this, method, request, timeoutNanos, outcome);
    }

    /** Its outcome may be told before this returns. */
    void start(RetryingCall<?, ?> call) {
        calls.add(call);
        if (closed) {
            call.fail(closedFailure());
        } else {
            call.start();
        }
    }

    void ended(RetryingCall<?, ?> call) {
        calls.remove(call);
    }

    /** Has a task run when the client is closed; at once if it is, and twice at worst. */
    void whenClosed(Runnable task) {
        whenClosed.add(task);
        if (closed) {
            task.run();
        }
    }

    /** Has a task of {@link #whenClosed} not run. */
    void forget(Runnable task) {
        whenClosed.remove(task);
    }

    /**
     * Has servers that could not be reached tried again now: gRPC by itself waits ever longer, up
     * to two minutes, and a server that is back would go unnoticed for as long.
     */
    void connectAgain() {
        long now = clock.nanoTime();
        long due = connectAgainNanos.get();
        if (now - due >= 0 && connectAgainNanos.compareAndSet(due, now + CONNECT_EVERY_NANOS)) {
            channel.resetConnectBackoff();
        }
    }

    /** Logs now and then that calls are retried: an outage they bridge should not pass unseen. */
    void tellRetry(PeltonException failure) {
        long now = clock.nanoTime();
        long due = warnAgainNanos.get();
        if (now - due >= 0 && warnAgainNanos.compareAndSet(due, now + WARN_EVERY_NANOS)) {
            LOG.warn("a call failed and is tried again: {}", failure.getMessage());
        }
    }

    ManagedChannel channel() {
        return channel;
    }

    Clock clock() {
        return clock;
    }

    RetryPolicy retry() {
        return retry;
    }

    /** The headers of one attempt; throws what the user's supplier throws. */
    Metadata headers() {
        Metadata headers = new Metadata();
        if (bearerToken != null) {
            String token = Objects.requireNonNull(bearerToken.get(), "the supplier gave null");
            headers.put(AUTHORIZATION, "Bearer " + token);
        }
        return headers;
    }

    void close() {
        if (!closed) {
            closed = true;
            for (RetryingCall<?, ?> call : calls) {
                call.fail(closedFailure());
            }
            whenClosed.forEach(Runnable::run);
            channel.shutdownNow();
            lookUps.shutdownNow();
        }
        if (isOwnThread()) {
            // waiting would be for ourselves: the threads end after a moment without work
            threads.shutdownGracefully(200, 5000, TimeUnit.MILLISECONDS);
        } else {
            awaitEnd();
        }
    }

    /** Whether this is a future's callback. */
    private boolean isOwnThread() {
        for (EventExecutor thread : threads) {
            if (thread.inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    private void awaitEnd() {
        try {
            // the channel schedules its last work on the threads, so they must outlive it
            boolean ended = channel.awaitTermination(5, TimeUnit.SECONDS);
            threads.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            for (Thread thread : started) {
                // a look-up cannot be interrupted: the thread ends when the system gives up
                thread.join(thread.getName().startsWith("pelton-lookup") ? 1000 : 5000);
                ended &= !thread.isAlive();
            }
            if (!ended) {
                LOG.warn("threads are still ending after the client was closed");
            }
        } catch (InterruptedException e) {
            threads.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            Thread.currentThread().interrupt();
        }
    }

    static PeltonException closedFailure() {
        return PeltonException.light(Code.CANCELLED, "the client was closed");
    }
}
