package io.vmha.node.config;

import java.nio.file.Path;

/**
 * One thing that is wrong with the configuration.
 *
 * @param line counted from 1; 0 if the problem is about the file as a whole
 * @param sentence what was expected, what was found, what to do; never a secret
 */
public record ConfigProblem(Path file, int line, String sentence) {
    @Override
    public String toString() {
        return sentence + " (" + file + (line > 0 ? ", line " + line : "") + ")";
    }
}
