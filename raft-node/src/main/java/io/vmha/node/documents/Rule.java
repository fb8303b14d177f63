package io.vmha.node.documents;

/** The rules of the recovery protocol that let a step pass or hold it, in one sentence each. */
enum Rule {
    S1("no evacuate call without a committed certificate that the host cannot write any more"),
    S2(
            "only the BMC's own \"off\" from the right machine, said again after a majority of the voters applied the certificate, is a proof"),
    S8("above the limits, in maintenance or disarmed, nothing is fenced until a person approves"),
    S9("every outside effect has a committed intent before it and a committed outcome after it"),
    S10("a VM is evacuated only if its disks are known to be reachable from the target"),
    S13("an incident closes only when every VM has exactly one ending");

    private final String sentence;

    Rule(String sentence) {
        this.sentence = sentence;
    }

    String says() {
        return sentence;
    }
}
