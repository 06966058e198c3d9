// A server's address as the user writes it; looking names up is the resolver's.
package io.pelton.client;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class Endpoint {
    private static final Pattern HOST_PORT =
            Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([^\\[\\]:/\\s]+)):(\\d{1,5})");
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private final String host;
    private final int port;
    private final boolean literal;

    private Endpoint(String host, int port, boolean literal) {
        this.host = host;
        this.port = port;
        this.literal = literal;
    }

    static Endpoint parse(String text) {
        Matcher matcher = HOST_PORT.matcher(text);
        if (!matcher.matches()) {
            throw malformed(text);
        }
        int port = Integer.parseInt(matcher.group(3));
        if (port < 1 || port > 65535) {
            throw malformed(text);
        }
        if (matcher.group(1) != null) {
            return new Endpoint(matcher.group(1), port, true);
        }
        String host = matcher.group(2);
        return new Endpoint(host, port, IPV4.matcher(host).matches());
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "endpoint '" + text + "' is not host:port (IPv6 addresses in brackets)");
    }

    /** Whether it is an address already, so that asking for its addresses asks nobody. */
    boolean isLiteral() {
        return literal;
    }

    /** Every address of it; blocks while a name is looked up. */
    List<InetSocketAddress> addresses() throws UnknownHostException {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(host)) {
            addresses.add(new InetSocketAddress(address, port));
        }
        return addresses;
    }

    /** As it stands in a URL. */
    String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    @Override
    public String toString() {
        return authority();
    }
}
