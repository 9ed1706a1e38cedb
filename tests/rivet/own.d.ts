// What Zoom answers and its library has no type for, in the grammar that types.mjs reads.

type ZoomError = {
    code: number;
    message: string;
    errors?: {
        field: string;
        message: string;
    }[];
};
type ZoomOAuthError = {
    reason: string;
    error: "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type";
};
type ZoomToken = {
    access_token: string;
    token_type: "bearer";
    expires_in: number;
    scope: string;
    api_url: string;
    refresh_token?: string;
};
type ZoomPlanUsage = {
    plan_base: {
        type: string;
        hosts: number;
        usage: number;
    };
};
