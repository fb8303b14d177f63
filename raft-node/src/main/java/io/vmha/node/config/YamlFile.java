package io.vmha.node.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Turns the text of the configuration file into nodes that know their lines. Bounded in size and depth; aliases, with which a small file
 * can stand for a huge one, are refused.
 */
final class YamlFile {
    static final int BYTES_MAX = 1024 * 1024;
    private static final int DEPTH_MAX = 16;

    private final Problems problems;
    private final LoadSettings settings;

    private YamlFile(Problems problems) {
        this.problems = problems;
        this.settings = LoadSettings.builder()
                .setLabel(problems.file().toString())
                .setCodePointLimit(BYTES_MAX)
                .build();
    }

    /** The top mapping; empty, with a problem, if there is none. */
    static Optional<MappingNode> read(Problems problems) {
        return text(problems).flatMap(text -> new YamlFile(problems).parse(text));
    }

    private static Optional<String> text(Problems problems) {
        Path file = problems.file();
        try {
            byte[] bytes;
            try (var in = Files.newInputStream(file)) {
                bytes = in.readNBytes(BYTES_MAX + 1);
            }
            if (bytes.length > BYTES_MAX) {
                problems.add(
                        0,
                        "the configuration must not be larger than " + BYTES_MAX + " bytes; is this the right file?");
                return Optional.empty();
            }
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (NoSuchFileException e) {
            problems.add(0, "there is no such file; copy vmhad.yaml.example and edit it");
        } catch (AccessDeniedException e) {
            problems.add(0, "this user may not read the configuration; run: chgrp vmha FILE; chmod 640 FILE");
        } catch (CharacterCodingException e) {
            problems.add(0, "the configuration must be UTF-8 text but contains other bytes");
        } catch (IOException e) {
            problems.add(0, "the configuration cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    private Optional<MappingNode> parse(String text) {
        try {
            if (!isHarmless(text)) {
                return Optional.empty();
            }
            Node top = new Compose(settings).composeString(text).orElse(null);
            if (top instanceof MappingNode mapping) {
                return Optional.of(mapping);
            }
            problems.add(
                    top == null ? 0 : line(top),
                    "the configuration must be a mapping of keys to values but is "
                            + (top == null ? "empty" : "something else"));
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(Mark::getLine).orElse(-1) + 1;
            problems.add(line, "this is not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add(0, "this is not YAML: " + e.getMessage());
        }
        return Optional.empty();
    }

    /** Looks at the parser's events, which need no recursion, before a tree is built of them. */
    private boolean isHarmless(String text) {
        int depth = 0;
        for (Event event : new Parse(settings).parseString(text)) {
            int line = event.getStartMark().map(Mark::getLine).orElse(-1) + 1;
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> depth++;
                case MappingEnd, SequenceEnd -> depth--;
                case Alias -> {
                    problems.add(line, "aliases (*name) are not supported here; write the value again");
                    return false;
                }
                case StreamStart, StreamEnd, DocumentStart, DocumentEnd, Scalar, Comment -> {}
            }
            if (depth > DEPTH_MAX) {
                problems.add(line, "values must not be nested deeper than " + DEPTH_MAX + " levels");
                return false;
            }
        }
        return true;
    }

    static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(-1) + 1;
    }
}
