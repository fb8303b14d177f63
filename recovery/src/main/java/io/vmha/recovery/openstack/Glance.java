package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.Server;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The images of servers: their properties and tags, read only when an AZ's policy looks at them. */
final class Glance {
    private static final int TAGS_MAX = 128; // Glance's own limit

    private final HttpLink link;
    private final Sessions sessions;
    private final NovaLink nova;

    Glance(HttpLink link, Sessions sessions, NovaLink nova) {
        this.link = link;
        this.sessions = sessions;
        this.nova = nova;
    }

    private record Image(Map<String, String> properties, List<String> tags) {
        static final Image GONE = new Image(Map.of(), List.of());
    }

    /** Each image once, however many servers were made of it. */
    List<Server> withImages(List<Server> servers, Deadline deadline) {
        var images = new TreeMap<String, Image>();
        var known = new ArrayList<Server>();
        for (Server server : servers) {
            var id = server.traits().image();
            if (id.isEmpty()) {
                known.add(server);
            } else {
                if (!images.containsKey(id.get())) {
                    images.put(id.get(), nova.repeated(deadline, () -> image(id.get(), deadline)));
                }
                var image = images.get(id.get());
                known.add(server.withTraits(server.traits().withImage(image.properties(), image.tags())));
            }
        }
        return List.copyOf(known);
    }

    private Image image(String id, Deadline deadline) {
        var session = sessions.current(deadline);
        var reply = read(session, id, deadline);
        if (reply.answer().status() == 401) {
            reply = read(sessions.after(session, deadline), id, deadline);
        }
        if (reply.answer().status() == 404 || reply.answer().status() == 410) {
            return Image.GONE; // deleted since; its servers live on
        }
        if (reply.answer().status() != 200) {
            throw NovaLink.failure(reply.call(), reply.answer());
        }
        var properties = new TreeMap<String, String>();
        var tags = new ArrayList<String>();
        for (var field : reply.json().properties()) {
            if (field.getValue().isTextual() || field.getValue().isBoolean()) {
                properties.put(field.getKey(), field.getValue().asText());
            }
        }
        for (JsonNode tag : reply.json().path("tags")) {
            if (tags.size() < TAGS_MAX) {
                tags.add(tag.asText());
            }
        }
        return new Image(properties, tags);
    }

    private NovaLink.Reply read(Session session, String id, Deadline deadline) {
        var glance = session.glance()
                .orElseThrow(() -> new ComputeException(
                        Kind.REFUSED,
                        0,
                        "Keystone's catalog has no image service, and the policy of the AZ looks at the servers'"
                                + " images",
                        null));
        var headers = Map.of("X-Auth-Token", session.token(), "Accept", "application/json");
        var uri = URI.create(glance + "/v2/images/" + NovaCompute.encoded(id));
        var call = new HttpLink.Call("GET", uri, headers, "");
        return new NovaLink.Reply(call, link.exchange(call, deadline));
    }
}
