package io.vmha.node.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** Who decides something that needs a person. */
final class Person {
    private Person() {}

    /** The request's body: the given name, else who really sits there, even behind sudo. */
    static String document(String given) {
        String sudo = System.getenv("SUDO_USER");
        String user = sudo == null || sudo.isBlank() ? System.getProperty("user.name", "") : sudo;
        String name = given == null ? user : given;
        return "{\"person\":\"" + new String(JsonStringEncoder.getInstance().quoteAsString(name)) + "\"}";
    }
}
