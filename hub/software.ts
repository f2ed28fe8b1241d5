/** Version of this hub and of its command line, for people. */
export const SOFTWARE = '0.1.0'
