package dev.millrace.engine.domain;

/**
 * Whose an execution is. First offered, then held. Only hashes of the tokens are kept; the lease
 * token is a function of the offer token and the installation's key, so that accepting twice gives
 * the same answer.
 *
 * @param tokenHash SHA-256 in hex of the offer token while offered, of the lease token once held
 */
public record Lease(WorkerId worker, State state, String tokenHash) {
  public enum State {
    OFFERED,
    HELD
  }
}
