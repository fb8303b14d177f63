package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * {@code /_sim}: what no real cloud offers, for the demo and for checkers in other processes. GET hosts, servers, ledger, and requests
 * (with {@code since}); PUT {@code hosts/NAME/power} and {@code hosts/NAME/compute} with {@code {"on":true|false}}, and
 * {@code hosts/NAME/network} alike. Answers JSON; there is no authentication, so it belongs on loopback addresses only.
 */
final class ControlFront implements HttpHandler {
    private final SimulatedCloud cloud;

    ControlFront(SimulatedCloud cloud) {
        this.cloud = cloud;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(CloudFront.BODY_BYTES_MAX);
        Answer answer;
        try {
            answer = answer(exchange, bytes);
        } catch (Refusal refusal) {
            answer = refusal.answer();
        } catch (IllegalArgumentException | IllegalStateException e) {
            answer = Refusal.badRequest(String.valueOf(e.getMessage())).answer();
        }
        CloudFront.write(exchange, answer);
    }

    private Answer answer(HttpExchange exchange, byte[] bytes) {
        List<String> path = Request.segments(exchange.getRequestURI().getRawPath());
        String query =
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
        String method = exchange.getRequestMethod();
        String what = path.size() > 1 ? path.get(1) : "";
        if (method.equals("GET") && path.size() == 2) {
            return switch (what) {
                case "hosts" -> Answer.ok(cloud.look(ControlFront::hosts));
                case "servers" -> Answer.ok(cloud.look(ControlFront::servers));
                case "ledger" -> Answer.ok(ledger());
                case "requests" -> Answer.ok(requests(Request.queryOf(query).getOrDefault("since", "0")));
                default -> throw NovaApi.unknown();
            };
        }
        boolean isChange = method.equals("PUT") || method.equals("POST");
        if (isChange && path.size() == 4 && what.equals("hosts")) {
            return change(path.get(2), path.get(3), Json.read(bytes));
        }
        throw NovaApi.unknown();
    }

    private Answer change(String host, String what, JsonNode body) {
        boolean on = Bodies.bool(body, "on");
        switch (what) {
            case "power" -> cloud.setPower(host, on);
            case "compute" -> cloud.setComputeAlive(host, on);
            case "network" -> cloud.setConnected(host, on);
            default -> throw NovaApi.unknown();
        }
        return Answer.ok(cloud.look(region -> host(region, region.host(host))));
    }

    private static ObjectNode hosts(Region region) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("hosts");
        region.hosts.values().forEach(host -> list.add(host(region, host)));
        return body;
    }

    private static ObjectNode host(Region region, ComputeHost host) {
        ObjectNode node = Json.object().put("name", host.name).put("power", host.powered);
        node.put("compute", host.computeRunning).put("network", host.connected);
        node.put("nova_up", region.isUp(host))
                .put("forced_down", host.forcedDown)
                .put("enabled", !host.disabled);
        ArrayNode guests = node.putArray("guests");
        region.ledger.runningOn(host.name).forEach(guests::add);
        return node;
    }

    static ObjectNode servers(Region region) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("servers");
        for (ServerRecord server : region.servers.values()) {
            ObjectNode node = list.addObject().put("id", server.id).put("name", server.name);
            node.put("host", server.host).put("status", server.status()).put("vm_state", server.vmState.word());
            Json.put(node, "task_state", server.taskState);
        }
        return body;
    }

    private ObjectNode ledger() {
        GuestLedger ledger = cloud.ledger();
        ObjectNode body = Json.object();
        ArrayNode runs = body.putArray("runs");
        ledger.runs().forEach(run -> runs.add(run(run)));
        ArrayNode twice = body.putArray("double_runs");
        ledger.doubleRuns()
                .forEach(pair -> twice.addArray().add(run(pair.first())).add(run(pair.second())));
        return body;
    }

    private static ObjectNode run(GuestLedger.Run run) {
        ObjectNode node = Json.object()
                .put("server", run.server())
                .put("host", run.host())
                .put("from_ms", run.fromMs());
        if (run.toMs().isPresent()) {
            return node.put("to_ms", run.toMs().getAsLong());
        }
        return node.putNull("to_ms");
    }

    private ObjectNode requests(String since) {
        if (!since.matches("\\d{1,18}")) {
            throw Refusal.badRequest("since must be a sequence number but is " + since);
        }
        ObjectNode body = Json.object().put("forgotten", cloud.requests().forgotten());
        ArrayNode list = body.putArray("requests");
        for (RequestLog.Entry entry : cloud.requests().since(Long.parseLong(since))) {
            ObjectNode node = list.addObject().put("sequence", entry.sequence()).put("at_ms", entry.atMs());
            node.put("method", entry.method()).put("path", entry.path()).put("status", entry.status());
            node.put("took_ms", entry.tookMs()).put("body", entry.body()).put("committed", entry.committed());
            node.put("microversion", entry.microversion());
        }
        return body;
    }
}
