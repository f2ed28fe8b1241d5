/** Version of this agent, for people. */
export const SOFTWARE = '0.1.0'
