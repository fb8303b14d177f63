package io.vmha.recovery.openstack;

import static io.vmha.recovery.openstack.RecordedCloud.NOVA;
import static io.vmha.recovery.openstack.RecordedCloud.recorded;
import static io.vmha.recovery.openstack.RecordedCloud.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeystoneTest {
    private static final String LOGIN = "POST /identity/v3/auth/tokens";
    private static final String AGGREGATES = "GET " + NOVA + "/os-aggregates";

    private final RecordedCloud cloud = new RecordedCloud();

    KeystoneTest() {
        cloud.on(AGGREGATES, recorded("aggregates_list_2.41"));
    }

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void aWrongPasswordIsToldWithTheUserTheAddressAndWhatToCheckButNeverThePassword() {
        cloud.on(LOGIN, recorded("keystone_token_bad_password"));

        try (var compute = cloud.compute()) {
            var failure = failure(compute::aggregates);

            assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(failure)
                    .hasMessageContaining("'admin'")
                    .hasMessageContaining("/identity/v3/auth/tokens")
                    .hasMessageContaining("check username, password, project");
            assertThat(trace(failure)).doesNotContain("vmha-secret");
        }
    }

    @Test
    void aRefusedPasswordIsNotTriedAgainAtOnce() {
        cloud.on(LOGIN, recorded("keystone_token_bad_password"));

        try (var compute = cloud.compute()) {
            failure(compute::aggregates);
            failure(compute::aggregates);
            assertThat(failure(compute::computeServices).kind()).isEqualTo(Kind.UNAUTHORIZED);
        }

        assertThat(cloud.logins()).isEqualTo(1);
    }

    @Test
    void anExpiredTokenIsRenewedOnceForAllThreads() throws Exception {
        cloud.on(LOGIN, cloud.token("old"), cloud.token("new"));
        cloud.on(AGGREGATES, exchange -> {
            boolean isNew = "new".equals(exchange.getRequestHeaders().getFirst("X-Auth-Token"));
            (isNew ? recorded("aggregates_list_2.41") : recorded("nova_unauthorized")).to(exchange);
        });

        var threads = Executors.newFixedThreadPool(8);
        try (var compute = cloud.compute()) {
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                tasks.add(() -> compute.aggregates().size());
            }
            for (var result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(1);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(cloud.logins()).isEqualTo(2);
    }

    @Test
    void aNovaThatRefusesFreshTokensIsReportedAndNotAskedForEver() {
        cloud.on(AGGREGATES, recorded("nova_unauthorized"));

        try (var compute = cloud.compute()) {
            var failure = failure(compute::aggregates);
            assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(failure).hasMessageContaining("fresh token");
        }

        assertThat(cloud.logins()).isEqualTo(2);
    }

    @Test
    void aMissingRoleIsReportedAsSuch() {
        cloud.on(AGGREGATES, text(403, "{\"forbidden\":{\"message\":\"Policy doesn't allow it\"}}"));

        try (var compute = cloud.compute()) {
            var failure = failure(compute::aggregates);
            assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(failure).hasMessageContaining("admin role").hasMessageContaining("Policy doesn't allow it");
        }
    }

    @Test
    void aRegionThatTheCatalogDoesNotHaveIsToldWithThoseItHas() {
        try (var compute = new NovaCompute(cloud.config().withRegion("Mars"))) {
            assertThat(failure(compute::aggregates))
                    .hasMessageContaining("in region 'Mars'")
                    .hasMessageContaining("public in region 'RegionOne'");
        }
    }

    @Test
    void anUnreadableEndpointOfAnotherServiceDoesNoHarm() {
        var body = RecordedCloud.fixture("keystone_token", 0)
                .path("body")
                .toString()
                .replace("http://127.0.0.1:18002/v2.1", cloud.address(NOVA).toString())
                .replace("http://127.0.0.1:18003", "wss://console.example.org/%(tenant_id)s");
        cloud.on(LOGIN, exchange -> {
            exchange.getResponseHeaders().set("X-Subject-Token", "t");
            text(201, body).to(exchange);
        });

        try (var compute = cloud.compute()) {
            assertThat(compute.aggregates()).hasSize(1);
        }
    }

    @Test
    void somethingElseThanKeystoneIsReported() {
        for (var reply : List.of(
                text(404, "<html>"), text(200, "{}"), text(201, "{}"), text(300, "{}"), text(503, "no server"))) {
            cloud.on(LOGIN, reply);
            try (var compute = cloud.compute()) {
                assertThat(failure(compute::aggregates)).hasMessageContaining("auth_url");
            }
        }
    }

    @Test
    void somethingElseThanNovaInTheCatalogIsReported() {
        cloud.on("GET " + NOVA + "/", text(200, "{\"version\":{\"id\":\"v2.0\",\"version\":\"\"}}"));

        try (var compute = cloud.compute()) {
            assertThat(failure(compute::aggregates)).hasMessageContaining("version document");
        }
    }

    @Test
    void aKeystoneThatIsNotThereIsReportedWithItsAddress() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var config = OpenStackConfig.of(
                URI.create("http://127.0.0.1:" + port + "/v3"), cloud.config().login());

        try (var compute = new NovaCompute(config)) {
            var failure = failure(compute::aggregates);
            assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN);
            assertThat(failure).hasMessageContaining("127.0.0.1:" + port).hasMessageContaining("could not connect");
        }
    }

    private static String trace(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static ComputeException failure(ThrowingCallable call) {
        var failure = catchThrowableOfType(ComputeException.class, call);
        assertThat(failure).as("an exception was expected").isNotNull();
        return failure;
    }
}
