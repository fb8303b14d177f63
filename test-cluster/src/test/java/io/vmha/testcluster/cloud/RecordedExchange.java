package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One request to a real Keystone or Nova (Zed) and its answer, as recorded. */
record RecordedExchange(String method, JsonNode body, String path, String microversion, JsonNode response) {
    static final Path DIRECTORY = Path.of("src", "test", "resources", "nova-fixtures");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static RecordedExchange of(String name, int index) {
        try {
            JsonNode both =
                    MAPPER.readTree(DIRECTORY.resolve(name + ".json").toFile()).path(index);
            JsonNode request = both.path("request");
            URI url = URI.create(request.path("url").asText());
            String query = Optional.ofNullable(url.getRawQuery())
                    .map(text -> "?" + text)
                    .orElse("");
            String version =
                    request.at("/headers/OpenStack-API-Version").asText("").replace("compute ", "");
            return new RecordedExchange(
                    request.path("method").asText(),
                    request.path("body"),
                    url.getRawPath() + query,
                    version,
                    both.path("response"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString().replace(".json", ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int status() {
        return response.path("status").asInt();
    }
}
