// Gives a channel the addresses of a client's endpoints, again and again where they are names.
package io.pelton.client;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Its state is touched in the channel's synchronization context alone. */
final class EndpointResolver extends NameResolver {
    static final String SCHEME = "pelton";
    private static final Logger LOG = LoggerFactory.getLogger(EndpointResolver.class);

    private final List<Endpoint> endpoints;
    private final boolean perAddressAuthority;
    private final long refreshNanos;
    private final Executor blocking;
    private final SynchronizationContext context;
    private final ScheduledExecutorService timer;

    /**
     * What each name last resolved to: kept when a look-up fails, since old is better than none.
     */
    private final Map<Endpoint, List<InetSocketAddress>> known = new LinkedHashMap<>();

    private Listener2 listener;
    private SynchronizationContext.ScheduledHandle nextRefresh;
    private boolean lookingUp;
    private boolean ended;

    private EndpointResolver(Provider provider, Args args) {
        this.endpoints = provider.endpoints;
        this.perAddressAuthority = provider.perAddressAuthority;
        this.refreshNanos = provider.refreshNanos;
        this.blocking = provider.blocking;
        this.context = args.getSynchronizationContext();
        this.timer = args.getScheduledExecutorService();
    }

    @Override
    public String getServiceAuthority() {
        return endpoints.get(0).authority();
    }

    @Override
    public void start(Listener2 listener) {
        this.listener = listener;
        lookUp();
    }

    @Override
    public void refresh() {
        if (endpoints.stream().anyMatch(endpoint -> !endpoint.isLiteral())) {
            lookUp();
        }
    }

    @Override
    public void shutdown() {
        ended = true;
        if (nextRefresh != null) {
            nextRefresh.cancel();
        }
    }

    private void lookUp() {
        if (lookingUp || ended) {
            return;
        }
        if (endpoints.stream().allMatch(Endpoint::isLiteral)) {
            // asks nobody, so it does not block
            publish(lookUpEach(endpoints));
            return;
        }
        lookingUp = true;
        // a look-up blocks for as long as the system likes
        try {
            blocking.execute(
                    () -> {
                        Map<Endpoint, List<InetSocketAddress>> found = lookUpEach(endpoints);
                        context.execute(
                                () -> {
                                    lookingUp = false;
                                    publish(found);
                                    scheduleRefresh();
                                });
                    });
        } catch (RejectedExecutionException e) {
            LOG.debug("the client is being closed, no address is looked up");
        }
    }

    private void scheduleRefresh() {
        if (!ended) {
            if (nextRefresh != null) {
                nextRefresh.cancel();
            }
            nextRefresh = context.schedule(this::lookUp, refreshNanos, TimeUnit.NANOSECONDS, timer);
        }
    }

    private static Map<Endpoint, List<InetSocketAddress>> lookUpEach(List<Endpoint> endpoints) {
        Map<Endpoint, List<InetSocketAddress>> found = new LinkedHashMap<>();
        for (Endpoint endpoint : endpoints) {
            try {
                found.put(endpoint, endpoint.addresses());
            } catch (UnknownHostException e) {
                LOG.warn("cannot find the address of endpoint {}", endpoint);
            }
        }
        return found;
    }

    private void publish(Map<Endpoint, List<InetSocketAddress>> found) {
        if (ended) {
            return;
        }
        known.putAll(found);
        List<EquivalentAddressGroup> groups = new ArrayList<>();
        known.forEach(
                (endpoint, addresses) -> {
                    for (InetSocketAddress address : addresses) {
                        groups.add(new EquivalentAddressGroup(address, attributes(endpoint)));
                    }
                });
        StatusOr<List<EquivalentAddressGroup>> result =
                groups.isEmpty()
                        ? StatusOr.fromStatus(
                                Status.UNAVAILABLE.withDescription(
                                        "no address found for any of " + endpoints))
                        : StatusOr.fromValue(groups);
        listener.onResult2(ResolutionResult.newBuilder().setAddressesOrError(result).build());
    }

    private Attributes attributes(Endpoint endpoint) {
        return perAddressAuthority
                ? Attributes.newBuilder()
                        .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, endpoint.authority())
                        .build()
                : Attributes.EMPTY;
    }

    /** Handed to one channel; never registered for others. */
    static final class Provider extends NameResolverProvider {
        private final List<Endpoint> endpoints;
        private final boolean perAddressAuthority;
        private final long refreshNanos;
        private final Executor blocking;

        /**
         * What a resolver needs.
         *
         * @param perAddressAuthority whether each server is called by its own endpoint's name
         * @param blocking where names are looked up; not asked if every endpoint is an address
         */
        Provider(
                List<Endpoint> endpoints,
                boolean perAddressAuthority,
                long refreshNanos,
                Executor blocking) {
            this.endpoints = List.copyOf(endpoints);
            this.perAddressAuthority = perAddressAuthority;
            this.refreshNanos = refreshNanos;
            this.blocking = blocking;
        }

        @Override
        public NameResolver newNameResolver(URI target, Args args) {
            return new EndpointResolver(this, args);
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
            return Set.of(InetSocketAddress.class);
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 5;
        }
    }
}
