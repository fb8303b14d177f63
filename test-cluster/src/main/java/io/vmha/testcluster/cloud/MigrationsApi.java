package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** {@code /os-migrations}: evacuations, live and cold migrations. */
final class MigrationsApi {
    private final Region region;

    MigrationsApi(Region region) {
        this.region = region;
    }

    Answer answer(Request request, Microversion version) {
        if (!request.is("GET", 2)) {
            throw NovaApi.unknown();
        }
        List<MigrationRecord> chosen = new ArrayList<>(region.migrations.stream()
                .filter(migration -> isWanted(migration, request))
                .toList());
        if (version.atLeast(59)) {
            Collections.reverse(chosen); // sorted by creation, newest first, since 2.59
        }
        List<MigrationRecord> page = version.atLeast(59) ? page(chosen, request) : chosen;
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("migrations");
        page.forEach(migration -> list.add(migration(migration, version)));
        if (version.atLeast(59)
                && request.param("limit").isPresent()
                && page.size() < chosen.size()
                && !page.isEmpty()) {
            Paging.addNext(body.putArray("migrations_links"), request, page.get(page.size() - 1).uuid);
        }
        return Answer.ok(body);
    }

    private static List<MigrationRecord> page(List<MigrationRecord> all, Request request) {
        return Paging.page(
                all,
                request,
                migration -> migration.uuid,
                marker -> Refusal.badRequest("Marker " + marker + " could not be found."));
    }

    private static boolean isWanted(MigrationRecord migration, Request request) {
        boolean isHost = request.param("host")
                .filter(host -> !migration.source.equals(host) && !migration.destination.equals(Optional.of(host)))
                .isEmpty();
        return isHost
                && equalOrNotAsked(request, "source_compute", migration.source)
                && equalOrNotAsked(request, "instance_uuid", migration.server.id)
                && equalOrNotAsked(request, "status", migration.status)
                && equalOrNotAsked(request, "migration_type", migration.type);
    }

    private static boolean equalOrNotAsked(Request request, String name, String value) {
        return request.param(name).filter(asked -> !asked.equals(value)).isEmpty();
    }

    private ObjectNode migration(MigrationRecord migration, Microversion version) {
        ObjectNode node = Json.object().put("id", migration.id);
        if (version.atLeast(59)) {
            node.put("uuid", migration.uuid);
        }
        Optional<String> claimed = migration.destination.filter(ignored -> migration.claimed);
        node.put("source_compute", migration.source);
        Json.put(node, "dest_compute", migration.destination);
        node.put("source_node", migration.source);
        Json.put(node, "dest_node", claimed);
        Json.put(node, "dest_host", claimed.map(host -> region.host(host).ip()));
        node.putNull("old_instance_type_id").putNull("new_instance_type_id");
        node.put("instance_uuid", migration.server.id).put("status", migration.status);
        if (version.atLeast(23)) {
            node.put("migration_type", migration.type);
        }
        if (version.atLeast(80)) {
            node.put("user_id", Region.ADMIN_USER).put("project_id", Region.ADMIN_PROJECT);
        }
        node.put("created_at", Timestamps.micros(migration.createdAtMs));
        Json.put(node, "updated_at", Timestamps.micros(migration.updatedAtMs));
        return node;
    }
}
