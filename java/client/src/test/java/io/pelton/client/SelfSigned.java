// A certificate that vouches for itself, made on the spot by the JDK's keytool.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

final class SelfSigned {
    private static final char[] PASSWORD = "password".toCharArray();

    final Path certificate;
    final Path key;

    private SelfSigned(Path certificate, Path key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** Makes {@code name.pem} and {@code name.key} in the folder. */
    static SelfSigned make(Path folder, String name, String san) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                name,
                                "-keyalg",
                                // Keys on elliptic curves lack their public half here, which the
                                // server needs.
                                "RSA",
                                "-keysize",
                                "2048",
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                san,
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .start();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        keytool.getInputStream().transferTo(said);
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).as(said.toString()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        Key secret = keys.getKey(name, PASSWORD);
        SelfSigned made =
                new SelfSigned(folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
        pem(made.certificate, "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(made.key, "PRIVATE KEY", secret.getEncoded());
        return made;
    }

    private static void pem(Path file, String kind, byte[] bytes) throws Exception {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        Files.writeString(
                file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
    }
}
