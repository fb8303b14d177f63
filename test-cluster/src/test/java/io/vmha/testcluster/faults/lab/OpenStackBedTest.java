package io.vmha.testcluster.faults.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What stands between daemons and a real Nova, and what is refused before one is started. */
class OpenStackBedTest {
    private final CloudAccess access = new CloudAccess(
            URI.create("http://10.77.1.254:18000/v3"), URI.create("http://10.77.1.254:18002/v2.1"), "secret", "tiny");
    private final TokenBook tokens = new TokenBook();

    @Test
    void everyCallGoesToTheServiceOfItsPath() {
        assertThat(access.baseOf("/v3/auth/tokens")).isEqualTo("http://10.77.1.254:18000");
        assertThat(access.baseOf("/v2.1/servers/detail")).isEqualTo("http://10.77.1.254:18002");
        assertThat(access.baseOf("/")).isEqualTo("http://10.77.1.254:18002");
    }

    @Test
    void noAnswerShowsAWayPastTheProxy() {
        String catalog = "{\"a\":\"http://10.77.1.254:18000/v3\",\"b\":\"http://10.77.1.254:18002/v2.1\"}";

        assertThat(access.shownAs(catalog, "http://cloud.lab:5000"))
                .isEqualTo("{\"a\":\"http://cloud.lab:5000/v3\",\"b\":\"http://cloud.lab:5000/v2.1\"}");
    }

    @Test
    void tokensAreRefusedOnceTheyAreExpiredAndNotBefore() {
        tokens.givenOut("old");
        assertThat(tokens.refuses("old")).isFalse();
        assertThat(tokens.refuses("of whom nobody knows")).isFalse();

        tokens.expireAll();
        tokens.givenOut("new");

        assertThat(tokens.refuses("old")).isTrue();
        assertThat(tokens.refuses("new")).isFalse();
        assertThat(tokens.refused()).isEqualTo(1);
    }

    @Test
    void anErrorOfNovaIsNeverAnEmptyList() throws IOException {
        var failures = new AtomicInteger(2);
        HttpServer nova = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        nova.createContext("/", exchange -> {
            boolean login = exchange.getRequestURI().getPath().startsWith("/v3");
            exchange.getResponseHeaders().set("X-Subject-Token", "t");
            byte[] body = "{\"servers\":[{\"id\":\"v\",\"OS-SRV-USG:launched_at\":null}]}".getBytes(UTF_8);
            exchange.sendResponseHeaders(login ? 201 : failures.getAndDecrement() > 0 ? 500 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        nova.start();
        try {
            String base = "http://127.0.0.1:" + nova.getAddress().getPort();
            var admin = new CloudAdmin(
                    new CloudAccess(URI.create(base + "/v3"), URI.create(base + "/v2.1"), "secret", "tiny"));

            assertThat(admin.servers()).hasSize(1);
            assertThat(admin.servers().get(0).path("launched").asBoolean(true)).isFalse();

            failures.set(100);
            assertThatThrownBy(admin::servers)
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("expected 200 from Nova but found 500");
        } finally {
            nova.stop(0);
        }
    }

    @Test
    void whereTheMemoryIsMissingNothingIsMade() {
        String meminfo = "MemTotal:       24000000 kB\nMemAvailable:    4096000 kB\n"; // 4000 MiB

        assertThatCode(() -> OpenStackBedCloud.refuseWithoutMemory(5, meminfo)).doesNotThrowAnyException();
        assertThatThrownBy(() -> OpenStackBedCloud.refuseWithoutMemory(50, meminfo))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "--nova openstack with 50 hosts needs about 17600 MiB of memory but 4000 are free");
    }
}
