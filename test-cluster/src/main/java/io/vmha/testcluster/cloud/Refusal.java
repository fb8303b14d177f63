package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** An error answer of Nova, in Nova's words. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    Refusal(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    static Refusal badRequest(String message) {
        return new Refusal(400, message);
    }

    static Refusal notFound(String message) {
        return new Refusal(404, message);
    }

    static Refusal conflict(String message) {
        return new Refusal(409, message);
    }

    Answer answer() {
        ObjectNode body = Json.object();
        body.putObject(envelope()).put("code", status).put("message", getMessage());
        return new Answer(status, body).with("Content-Type", "application/json; charset=UTF-8");
    }

    /** The name of the only key of the body: nova api/openstack/wsgi.py, Fault._fault_names. */
    private String envelope() {
        return switch (status) {
            case 400 -> "badRequest";
            case 401 -> "unauthorized";
            case 403 -> "forbidden";
            case 404 -> "itemNotFound";
            case 405 -> "badMethod";
            case 409 -> "conflictingRequest";
            case 413 -> "overLimit";
            case 415 -> "badMediaType";
            case 501 -> "notImplemented";
            case 503 -> "serviceUnavailable";
            default -> "computeFault";
        };
    }
}
